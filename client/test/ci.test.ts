import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { branchOf, ciFacts, isCi } from '../src/ci.ts';

const ROWS: [Record<string, string>, (string | undefined)[]][] = [
  [{ GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '2', GITHUB_REF: 'refs/heads/main', GITHUB_REF_NAME: 'main', GITHUB_HEAD_REF: '', GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'a/b' },
    ['github', '7-2', 'main', undefined, 'https://github.com/a/b/actions/runs/7']],
  [{ GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1', GITHUB_REF: 'refs/pull/9/merge', GITHUB_REF_NAME: '9/merge', GITHUB_HEAD_REF: 'topic' }, ['github', '7-1', 'topic', '9', undefined]],
  [{ GITLAB_CI: 'true', CI_PIPELINE_ID: '5', CI_COMMIT_REF_NAME: 'main', CI_JOB_URL: 'https://gitlab.com/j/1' }, ['gitlab', '5', 'main', undefined, 'https://gitlab.com/j/1']],
  [{ GITLAB_CI: 'true', CI_PIPELINE_ID: '5', CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'topic', CI_MERGE_REQUEST_IID: '3' }, ['gitlab', '5', 'topic', '3', undefined]],
  [{ CIRCLECI: 'true', CIRCLE_WORKFLOW_ID: 'w', CIRCLE_BRANCH: 'main', CIRCLE_PULL_REQUEST: 'https://github.com/a/b/pull/12', CIRCLE_BUILD_URL: 'https://c/1' }, ['circleci', 'w', 'main', '12', 'https://c/1']],
  [{ TF_BUILD: 'True', BUILD_BUILDID: '88', BUILD_SOURCEBRANCH: 'refs/heads/main' }, ['azure', '88', 'main', undefined, undefined]],
  [{ TF_BUILD: 'True', BUILD_BUILDID: '88', BUILD_SOURCEBRANCH: 'refs/pull/4/merge', SYSTEM_PULLREQUEST_SOURCEBRANCH: 'refs/heads/topic', SYSTEM_PULLREQUEST_PULLREQUESTID: '4', SYSTEM_TEAMFOUNDATIONCOLLECTIONURI: 'https://dev.azure.com/x/', SYSTEM_TEAMPROJECT: 'my shop' },
    ['azure', '88', 'topic', '4', 'https://dev.azure.com/x/my%20shop/_build/results?buildId=88']],
  [{ JENKINS_URL: 'https://j', BUILD_TAG: 'jenkins-shop-4', BRANCH_NAME: 'main', BUILD_URL: 'https://j/4' }, ['jenkins', 'jenkins-shop-4', 'main', undefined, 'https://j/4']],
  [{ JENKINS_URL: 'https://j', BUILD_TAG: 'jenkins-shop-4', BRANCH_NAME: 'PR-6', CHANGE_BRANCH: 'topic', CHANGE_ID: '6' }, ['jenkins', 'jenkins-shop-4', 'topic', '6', undefined]],
  [{ BITBUCKET_BUILD_NUMBER: '3', BITBUCKET_PIPELINE_UUID: '{u}', BITBUCKET_BRANCH: 'main', BITBUCKET_REPO_FULL_NAME: 'a/b' }, ['bitbucket', '{u}', 'main', undefined, 'https://bitbucket.org/a/b/pipelines/results/3']],
  [{ TRAVIS: 'true', TRAVIS_BUILD_ID: '1', TRAVIS_BRANCH: 'main', TRAVIS_PULL_REQUEST: 'false' }, ['travis', '1', 'main', undefined, undefined]],
  [{ BUILDKITE: 'true', BUILDKITE_BUILD_ID: 'b', BUILDKITE_BRANCH: 'main', BUILDKITE_PULL_REQUEST: '2' }, ['buildkite', 'b', 'main', '2', undefined]],
  [{ TEAMCITY_VERSION: '1', TEAMCITY_BUILDCONF_NAME: 'Shop', BUILD_NUMBER: '9' }, ['teamcity', 'Shop-9', undefined, undefined, undefined]],
  [{ DRONE: 'true', DRONE_REPO: 'a/b', DRONE_BUILD_NUMBER: '2', DRONE_BRANCH: 'main' }, ['drone', 'a/b-2', 'main', undefined, undefined]],
  [{ CODEBUILD_BUILD_ID: 'x:1', CODEBUILD_SOURCE_VERSION: 'pr/5' }, ['codebuild', 'x:1', undefined, '5', undefined]],
  [{ CI: 'true' }, ['other', undefined, undefined, undefined, undefined]],
  [{ CI: 'true', NX_CI_EXECUTION_ID: 'mine', NX_BRANCH: '17' }, ['other', 'mine', undefined, '17', undefined]],
  [{ GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: '7', NX_CI_EXECUTION_ID: 'mine', NX_BRANCH: 'topic' }, ['github', 'mine', 'topic', undefined, undefined]],
  [{ GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: '7', GITHUB_SERVER_URL: 'javascript:alert(1)', GITHUB_REPOSITORY: 'a/b' }, ['github', '7', undefined, undefined, undefined]],
];

describe('CI systems', () => {
  for (const [env, expected] of ROWS) {
    test(`${expected[0]} ${Object.keys(env).slice(1, 4).join(' ')}`, () => {
      const facts = ciFacts(env);
      assert.deepEqual([facts?.provider, facts?.executionId, facts?.branch, facts?.pullRequest, facts?.url], expected);
    });
  }
  test('none on the machine of a person', () => {
    assert.equal(ciFacts({ HOME: '/home/ada' }), undefined);
    assert.equal(isCi({ CI: 'false' }), false);
  });
  test('environments tell main jobs apart', () => assert.equal(ciFacts({ CI: '1', NX_CI_EXECUTION_ENV: 'linux' })?.executionEnv, 'linux'));
  test('NX_BRANCH is a branch or a number', () => {
    assert.deepEqual(branchOf({ NX_BRANCH: 'release/1' }), { branch: 'release/1' });
    assert.deepEqual(branchOf({ NX_BRANCH: '12' }), { pullRequest: '12' });
    assert.deepEqual(branchOf({}), {});
  });
});
