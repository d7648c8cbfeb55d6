// What a CI system says about itself, by its environment variables. Nothing of it is proof of anything.
export interface CiFacts {
  provider: string;
  executionId?: string | undefined;
  executionEnv?: string | undefined;
  url?: string | undefined;
  branch?: string | undefined;
  pullRequest?: string | undefined;
}

type Env = NodeJS.ProcessEnv;

interface System {
  provider: string;
  here: (env: Env) => boolean;
  execution: (env: Env) => string | undefined;
  url?: (env: Env) => string | undefined;
  branch?: (env: Env) => string | undefined;
  pullRequest?: (env: Env) => string | undefined;
}

const set = (value: string | undefined): string | undefined => (value?.trim() ? value.trim() : undefined);
const joined = (...parts: (string | undefined)[]) => (parts.every(set) ? parts.join('-') : undefined);
const number = (value: string | undefined) => (value && /^\d+$/.test(value) ? value : undefined);
/** `refs/heads/main` as `main`. */
const short = (ref: string | undefined) => ref?.replace(/^refs\/heads\//, '').replace(/^origin\//, '');
/** The number at the end of `https://…/pull/7`. */
const lastNumber = (url: string | undefined) => /(\d+)\/?$/.exec(url ?? '')?.[1];

const SYSTEMS: System[] = [
  {
    provider: 'github', here: (env) => env.GITHUB_ACTIONS === 'true',
    execution: (env) => joined(env.GITHUB_RUN_ID, env.GITHUB_RUN_ATTEMPT) ?? env.GITHUB_RUN_ID,
    url: (env) => env.GITHUB_SERVER_URL && env.GITHUB_REPOSITORY && env.GITHUB_RUN_ID
      ? `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}` : undefined,
    branch: (env) => set(env.GITHUB_HEAD_REF) ?? (env.GITHUB_REF?.startsWith('refs/pull/') ? undefined : env.GITHUB_REF_NAME),
    pullRequest: (env) => /^refs\/pull\/(\d+)\//.exec(env.GITHUB_REF ?? '')?.[1],
  },
  {
    provider: 'gitlab', here: (env) => env.GITLAB_CI === 'true',
    execution: (env) => env.CI_PIPELINE_ID, url: (env) => env.CI_JOB_URL,
    branch: (env) => set(env.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME) ?? env.CI_COMMIT_REF_NAME,
    pullRequest: (env) => env.CI_MERGE_REQUEST_IID,
  },
  {
    provider: 'circleci', here: (env) => env.CIRCLECI === 'true',
    execution: (env) => env.CIRCLE_WORKFLOW_ID, url: (env) => env.CIRCLE_BUILD_URL,
    branch: (env) => env.CIRCLE_BRANCH, pullRequest: (env) => number(env.CIRCLE_PR_NUMBER) ?? lastNumber(env.CIRCLE_PULL_REQUEST),
  },
  {
    provider: 'azure', here: (env) => Boolean(env.TF_BUILD),
    execution: (env) => env.BUILD_BUILDID,
    url: (env) => env.SYSTEM_TEAMFOUNDATIONCOLLECTIONURI && env.SYSTEM_TEAMPROJECT && env.BUILD_BUILDID
      ? `${env.SYSTEM_TEAMFOUNDATIONCOLLECTIONURI}${encodeURIComponent(env.SYSTEM_TEAMPROJECT)}/_build/results?buildId=${env.BUILD_BUILDID}` : undefined,
    branch: (env) => short(set(env.SYSTEM_PULLREQUEST_SOURCEBRANCH) ?? env.BUILD_SOURCEBRANCH),
    pullRequest: (env) => env.SYSTEM_PULLREQUEST_PULLREQUESTNUMBER ?? env.SYSTEM_PULLREQUEST_PULLREQUESTID,
  },
  {
    provider: 'bitbucket', here: (env) => Boolean(env.BITBUCKET_BUILD_NUMBER),
    execution: (env) => env.BITBUCKET_PIPELINE_UUID ?? env.BITBUCKET_BUILD_NUMBER,
    url: (env) => env.BITBUCKET_REPO_FULL_NAME && env.BITBUCKET_BUILD_NUMBER
      ? `https://bitbucket.org/${env.BITBUCKET_REPO_FULL_NAME}/pipelines/results/${env.BITBUCKET_BUILD_NUMBER}` : undefined,
    branch: (env) => env.BITBUCKET_BRANCH, pullRequest: (env) => env.BITBUCKET_PR_ID,
  },
  {
    provider: 'travis', here: (env) => Boolean(env.TRAVIS),
    execution: (env) => env.TRAVIS_BUILD_ID, url: (env) => env.TRAVIS_BUILD_WEB_URL,
    branch: (env) => set(env.TRAVIS_PULL_REQUEST_BRANCH) ?? env.TRAVIS_BRANCH, pullRequest: (env) => number(env.TRAVIS_PULL_REQUEST),
  },
  {
    provider: 'buildkite', here: (env) => Boolean(env.BUILDKITE),
    execution: (env) => env.BUILDKITE_BUILD_ID, url: (env) => env.BUILDKITE_BUILD_URL,
    branch: (env) => env.BUILDKITE_BRANCH, pullRequest: (env) => number(env.BUILDKITE_PULL_REQUEST),
  },
  {
    provider: 'teamcity', here: (env) => Boolean(env.TEAMCITY_VERSION),
    // Each build has a number of its own; a chain of builds sets NX_CI_EXECUTION_ID.
    execution: (env) => joined(env.TEAMCITY_BUILDCONF_NAME, env.BUILD_NUMBER), url: (env) => env.BUILD_URL,
    branch: (env) => short(env.TEAMCITY_BUILD_BRANCH),
  },
  {
    provider: 'appveyor', here: (env) => Boolean(env.APPVEYOR),
    execution: (env) => env.APPVEYOR_BUILD_ID,
    url: (env) => env.APPVEYOR_URL && env.APPVEYOR_PROJECT_SLUG && env.APPVEYOR_BUILD_ID
      ? `${env.APPVEYOR_URL}/project/${env.APPVEYOR_ACCOUNT_NAME}/${env.APPVEYOR_PROJECT_SLUG}/builds/${env.APPVEYOR_BUILD_ID}` : undefined,
    branch: (env) => set(env.APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH) ?? env.APPVEYOR_REPO_BRANCH,
    pullRequest: (env) => env.APPVEYOR_PULL_REQUEST_NUMBER,
  },
  {
    provider: 'drone', here: (env) => env.DRONE === 'true',
    execution: (env) => joined(env.DRONE_REPO, env.DRONE_BUILD_NUMBER), url: (env) => env.DRONE_BUILD_LINK,
    branch: (env) => set(env.DRONE_SOURCE_BRANCH) ?? env.DRONE_BRANCH, pullRequest: (env) => env.DRONE_PULL_REQUEST,
  },
  {
    provider: 'woodpecker', here: (env) => env.CI === 'woodpecker',
    execution: (env) => joined(env.CI_REPO, env.CI_PIPELINE_NUMBER), url: (env) => env.CI_PIPELINE_URL,
    branch: (env) => set(env.CI_COMMIT_SOURCE_BRANCH) ?? env.CI_COMMIT_BRANCH, pullRequest: (env) => env.CI_COMMIT_PULL_REQUEST,
  },
  {
    provider: 'codebuild', here: (env) => Boolean(env.CODEBUILD_BUILD_ID),
    execution: (env) => env.CODEBUILD_BUILD_ID, url: (env) => env.CODEBUILD_PUBLIC_BUILD_URL ?? env.CODEBUILD_BUILD_URL,
    branch: (env) => short(env.CODEBUILD_WEBHOOK_HEAD_REF), pullRequest: (env) => /^pr\/(\d+)$/.exec(env.CODEBUILD_SOURCE_VERSION ?? '')?.[1],
  },
  {
    provider: 'jenkins', here: (env) => Boolean(env.JENKINS_URL ?? env.HUDSON_URL),
    execution: (env) => env.BUILD_TAG ?? joined(env.JOB_NAME, env.BUILD_NUMBER), url: (env) => env.BUILD_URL,
    branch: (env) => set(env.CHANGE_BRANCH) ?? short(set(env.BRANCH_NAME)?.startsWith('PR-') ? undefined : env.BRANCH_NAME ?? env.GIT_BRANCH),
    pullRequest: (env) => env.CHANGE_ID,
  },
];

// The marks that nx itself takes for CI.
const MARKS = ['TF_BUILD', 'GITHUB_ACTIONS', 'BUILDKITE', 'CIRCLECI', 'CIRRUS_CI', 'TRAVIS', 'bamboo.buildKey', 'bamboo_buildKey',
  'CODEBUILD_BUILD_ID', 'GITLAB_CI', 'HEROKU_TEST_RUN_ID', 'BUILD_ID', 'BUILD_NUMBER', 'BUILD_BUILDID', 'TEAMCITY_VERSION', 'JENKINS_URL', 'HUDSON_URL'];

export const isCi = (env: Env = process.env): boolean => Boolean(env.CI && env.CI !== 'false') || MARKS.some((name) => env[name]);

/** Facts about the CI system, or none on a person's machine. */
export function ciFacts(env: Env = process.env): CiFacts | undefined {
  const named = set(env.NX_CI_EXECUTION_ID) ?? set(env.NX_RUN_GROUP);
  const system = SYSTEMS.find(({ here }) => here(env));
  if (!system && !named && !isCi(env)) return undefined;
  const asked = branchOf(env);
  return {
    provider: system?.provider ?? 'other',
    executionId: (named ?? set(system?.execution(env)))?.slice(0, 200),
    executionEnv: set(env.NX_CI_EXECUTION_ENV)?.slice(0, 100),
    url: web(set(system?.url?.(env))),
    branch: asked.branch ?? set(system?.branch?.(env)),
    pullRequest: asked.pullRequest ?? set(system?.pullRequest?.(env)),
  };
}

/** `NX_BRANCH` is a branch, or the number of a pull request. */
export function branchOf(env: Env = process.env): { branch?: string; pullRequest?: string } {
  const value = set(env.NX_BRANCH);
  if (!value) return {};
  return number(value) ? { pullRequest: value } : { branch: value };
}

const web = (url: string | undefined) => (url && /^https?:\/\//.test(url) && url.length <= 2000 ? url : undefined);
