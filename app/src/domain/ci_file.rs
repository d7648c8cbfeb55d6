//! The file that tells a CI system to use a workspace: lines to paste, with the secrets where they are safe.

use super::set_up::SetUp;

/// A CI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiSystem {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI/CD.
    GitLab,
    /// `CircleCI`.
    CircleCi,
    /// Azure Pipelines.
    Azure,
    /// Jenkins.
    Jenkins,
    /// Bitbucket Pipelines.
    Bitbucket,
}

const GITHUB_MAIN: &str = "name: CI
on:
  push:
    branches: [main]
  pull_request:

jobs:
  build:
    runs-on: ubuntu-latest
    environment: ${{ github.ref == 'refs/heads/main' && 'main' || 'pull-requests' }}
    env:
      NX_CLOUD_ACCESS_TOKEN: ${{ secrets.NX_CLOUD_ACCESS_TOKEN }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
          cache: npm
      - run: npm ci
      - run: npx nx run-many -t lint test build";

const GITHUB_ALL: &str = "name: CI
on:
  push:
    branches: [main]
  pull_request:

jobs:
  build:
    runs-on: ubuntu-latest
    env:
      NX_CLOUD_ACCESS_TOKEN: ${{ secrets.NX_CLOUD_ACCESS_TOKEN }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
          cache: npm
      - run: npm ci
      - run: npx nx run-many -t lint test build";

const GITLAB_MAIN: &str = r#"build:
  image: node:22
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      variables:
        NX_CLOUD_ACCESS_TOKEN: $NX_CLOUD_READ_WRITE
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      variables:
        NX_CLOUD_ACCESS_TOKEN: $NX_CLOUD_READ_ONLY
  script:
    - npm ci
    - npx nx run-many -t lint test build"#;

const GITLAB_ALL: &str = r#"build:
  image: node:22
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  script:
    - npm ci
    - npx nx run-many -t lint test build"#;

const CIRCLECI_MAIN: &str = "version: 2.1
jobs:
  build:
    docker:
      - image: cimg/node:22.12
    steps:
      - checkout
      - run: npm ci
      - run: npx nx run-many -t lint test build

workflows:
  main:
    when:
      equal: [main, << pipeline.git.branch >>]
    jobs:
      - build:
          context: nx-main
  pull-requests:
    unless:
      equal: [main, << pipeline.git.branch >>]
    jobs:
      - build:
          context: nx-pull-requests";

const CIRCLECI_ALL: &str = "version: 2.1
jobs:
  build:
    docker:
      - image: cimg/node:22.12
    steps:
      - checkout
      - run: npm ci
      - run: npx nx run-many -t lint test build

workflows:
  build:
    jobs:
      - build:
          context: nx";

const AZURE_MAIN: &str = "trigger: [main]
pr: [main]
pool:
  vmImage: ubuntu-latest

variables:
  - ${{ if eq(variables['Build.SourceBranch'], 'refs/heads/main') }}:
      - group: nx-main
  - ${{ else }}:
      - group: nx-pull-requests

steps:
  - script: npm ci
  - script: npx nx run-many -t lint test build
    env:
      NX_CLOUD_ACCESS_TOKEN: $(NX_CLOUD_ACCESS_TOKEN)";

const AZURE_ALL: &str = "trigger: [main]
pr: [main]
pool:
  vmImage: ubuntu-latest

variables:
  - group: nx

steps:
  - script: npm ci
  - script: npx nx run-many -t lint test build
    env:
      NX_CLOUD_ACCESS_TOKEN: $(NX_CLOUD_ACCESS_TOKEN)";

const JENKINS_MAIN: &str = "pipeline {
  agent any
  stages {
    stage('Main branch') {
      when { branch 'main' }
      environment { NX_CLOUD_ACCESS_TOKEN = credentials('nx-read-write') }
      steps { sh 'npm ci && npx nx run-many -t lint test build' }
    }
    stage('Pull request') {
      when { not { branch 'main' } }
      environment { NX_CLOUD_ACCESS_TOKEN = credentials('nx-read-only') }
      steps { sh 'npm ci && npx nx run-many -t lint test build' }
    }
  }
}";

const JENKINS_ALL: &str = "pipeline {
  agent any
  environment { NX_CLOUD_ACCESS_TOKEN = credentials('nx') }
  stages {
    stage('Build') {
      steps { sh 'npm ci && npx nx run-many -t lint test build' }
    }
  }
}";

const BITBUCKET_MAIN: &str = "image: node:22
definitions:
  script: &build
    - npm ci
    - npx nx run-many -t lint test build

pipelines:
  branches:
    main:
      - step:
          deployment: production
          script: *build
  pull-requests:
    '**':
      - step:
          script: *build";

const BITBUCKET_ALL: &str = "image: node:22
definitions:
  script: &build
    - npm ci
    - npx nx run-many -t lint test build

pipelines:
  branches:
    main:
      - step:
          script: *build
  pull-requests:
    '**':
      - step:
          script: *build";

impl CiSystem {
    /// Every system, the most used first.
    pub const ALL: [Self; 6] = [Self::GitHub, Self::GitLab, Self::CircleCi, Self::Azure, Self::Jenkins, Self::Bitbucket];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI/CD",
            Self::CircleCi => "CircleCI",
            Self::Azure => "Azure Pipelines",
            Self::Jenkins => "Jenkins",
            Self::Bitbucket => "Bitbucket Pipelines",
        }
    }

    /// Where the file lies in the repository.
    pub const fn path(self) -> &'static str {
        match self {
            Self::GitHub => ".github/workflows/ci.yml",
            Self::GitLab => ".gitlab-ci.yml",
            Self::CircleCi => ".circleci/config.yml",
            Self::Azure => "azure-pipelines.yml",
            Self::Jenkins => "Jenkinsfile",
            Self::Bitbucket => "bitbucket-pipelines.yml",
        }
    }

    /// What stands in it.
    pub const fn file(self, set_up: SetUp) -> &'static str {
        match (self, set_up) {
            (Self::GitHub, SetUp::MainWrites) => GITHUB_MAIN,
            (Self::GitHub, SetUp::CiWrites | SetUp::MembersWrite) => GITHUB_ALL,
            (Self::GitLab, SetUp::MainWrites) => GITLAB_MAIN,
            (Self::GitLab, SetUp::CiWrites | SetUp::MembersWrite) => GITLAB_ALL,
            (Self::CircleCi, SetUp::MainWrites) => CIRCLECI_MAIN,
            (Self::CircleCi, SetUp::CiWrites | SetUp::MembersWrite) => CIRCLECI_ALL,
            (Self::Azure, SetUp::MainWrites) => AZURE_MAIN,
            (Self::Azure, SetUp::CiWrites | SetUp::MembersWrite) => AZURE_ALL,
            (Self::Jenkins, SetUp::MainWrites) => JENKINS_MAIN,
            (Self::Jenkins, SetUp::CiWrites | SetUp::MembersWrite) => JENKINS_ALL,
            (Self::Bitbucket, SetUp::MainWrites) => BITBUCKET_MAIN,
            (Self::Bitbucket, SetUp::CiWrites | SetUp::MembersWrite) => BITBUCKET_ALL,
        }
    }

    /// Where its tokens go, so that only the runs that should have one get it.
    pub const fn secrets(self, set_up: SetUp) -> &'static str {
        match (self, set_up) {
            (Self::GitHub, SetUp::MainWrites) => {
                "Under Settings, Environments: make “main”, let only the branch main deploy to it, and store the read-write token there as the secret NX_CLOUD_ACCESS_TOKEN. Make “pull-requests” with the read-only token under the same name. A workflow that a pull request changes still gets nothing of “main”."
            }
            (Self::GitHub, SetUp::CiWrites | SetUp::MembersWrite) => {
                "Under Settings, Secrets and variables, Actions: store the token as the repository's secret NX_CLOUD_ACCESS_TOKEN. Pull requests from forks do not get it."
            }
            (Self::GitLab, SetUp::MainWrites) => {
                "Under Settings, CI/CD, Variables: store the tokens masked as NX_CLOUD_READ_WRITE and NX_CLOUD_READ_ONLY, the first one protected as well, so that only protected branches get it. The default branch has to be protected."
            }
            (Self::GitLab, SetUp::CiWrites | SetUp::MembersWrite) => {
                "Under Settings, CI/CD, Variables: store the token masked as NX_CLOUD_ACCESS_TOKEN. Merge requests from forks do not get it."
            }
            (Self::CircleCi, SetUp::MainWrites) => {
                "Under Organization settings, Contexts: make nx-main with the read-write token as NX_CLOUD_ACCESS_TOKEN, and restrict it by the expression pipeline.git.branch == \"main\". Make nx-pull-requests with the read-only token under the same name."
            }
            (Self::CircleCi, SetUp::CiWrites | SetUp::MembersWrite) => {
                "Under Organization settings, Contexts: make nx with the token as NX_CLOUD_ACCESS_TOKEN. Do not pass secrets to builds from forks."
            }
            (Self::Azure, SetUp::MainWrites) => {
                "Under Pipelines, Library: make the variable group nx-main with the read-write token as the secret NX_CLOUD_ACCESS_TOKEN, and under Approvals and checks add Branch control for refs/heads/main. Make nx-pull-requests with the read-only token under the same name."
            }
            (Self::Azure, SetUp::CiWrites | SetUp::MembersWrite) => {
                "Under Pipelines, Library: make the variable group nx with the token as the secret NX_CLOUD_ACCESS_TOKEN. Do not make secrets available to builds of forks."
            }
            (Self::Jenkins, SetUp::MainWrites) => {
                "Store the tokens as “Secret text” with the ids nx-read-write and nx-read-only. A Jenkinsfile that a pull request changes can ask for both: let the multibranch job take the Jenkinsfile of the target branch for pull requests (trust nobody, or only those with write permission)."
            }
            (Self::Jenkins, SetUp::CiWrites | SetUp::MembersWrite) => {
                "Store the token as “Secret text” with the id nx, in the folder of this job."
            }
            (Self::Bitbucket, SetUp::MainWrites) => {
                "Under Repository settings, Deployments: store the read-write token as the secured variable NX_CLOUD_ACCESS_TOKEN of the environment production, and let only the branch main deploy to it. Under Repository variables, store the read-only token under the same name: that of the deployment wins."
            }
            (Self::Bitbucket, SetUp::CiWrites | SetUp::MembersWrite) => {
                "Under Repository settings, Repository variables: store the token secured as NX_CLOUD_ACCESS_TOKEN."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_uses_the_token_of_its_secrets_and_holds_none() {
        for system in CiSystem::ALL {
            for set_up in SetUp::ALL {
                let (file, secrets) = (system.file(set_up), system.secrets(set_up));
                assert!(file.contains("npx nx run-many"), "{}", system.title());
                // A variable of its own, or one that the system hands to every step.
                let by_itself = matches!(system, CiSystem::CircleCi | CiSystem::Bitbucket)
                    || (system == CiSystem::GitLab && set_up != SetUp::MainWrites);
                assert!(by_itself || file.contains("NX_CLOUD_ACCESS_TOKEN"), "{}", system.title());
                assert!(!file.contains("bkci_") && !secrets.is_empty());
            }
        }
    }
}
