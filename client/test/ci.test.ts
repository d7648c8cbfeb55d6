import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { branchOf, ciFacts, isCi, refOf } from '../src/ci.ts';
import { gitFacts } from '../src/git.ts';

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

const SHA = 'c0ffee0123456789c0ffee0123456789c0ffee01';

describe('a ref is', () => {
  const REFS: [string, ReturnType<typeof refOf>][] = [
    ['main', { branch: 'main' }], ['refs/heads/main', { branch: 'main' }], ['refs/heads/feature/x', { branch: 'feature/x' }], [' release/1 ', { branch: 'release/1' }],
    ['refs/tags/v1.2', { branch: 'v1.2' }], ['refs/remotes/origin/main', { branch: 'main' }],
    ['refs/pull/12/merge', { pullRequest: '12' }], ['refs/pull/12/head', { pullRequest: '12' }], ['pull/12', { pullRequest: '12' }], ['pull/12/head', { pullRequest: '12' }],
    ['12/merge', { pullRequest: '12' }], ['refs/merge-requests/3/head', { pullRequest: '3' }], ['refs/pull-requests/4/from', { pullRequest: '4' }],
    ['gh-readonly-queue/main/pr-7-0123abcdef', { pullRequest: '7' }], ['refs/heads/gh-readonly-queue/release/1/pr-7-0123abcdef', { pullRequest: '7' }],
    ['refs/heads/pull', { branch: 'pull' }], ['12-fix', { branch: '12-fix' }], ['HEAD', {}], ['', {}], ['refs/heads/', {}],
  ];
  for (const [ref, where] of REFS) test(ref || 'nothing', () => assert.deepEqual(refOf(ref), where));
  test('read so from NX_BRANCH, too', () => {
    assert.deepEqual(branchOf({ NX_BRANCH: 'refs/heads/main' }), { branch: 'main' });
    assert.deepEqual(branchOf({ NX_BRANCH: 'refs/pull/12/merge' }), { pullRequest: '12' });
    for (const NX_BRANCH of ['12/merge', '#12', '!12', 'PR-12', 'MR-12', ' 12 ']) assert.deepEqual(branchOf({ NX_BRANCH }), { pullRequest: '12' }, NX_BRANCH);
  });
});

/** System, its environment, and: branch, pull request, commit, title, author. */
const FACTS: [string, Record<string, string>, (string | undefined)[]][] = [
  ['github', { GITHUB_ACTIONS: 'true', GITHUB_REF: 'refs/pull/9/merge', GITHUB_REF_NAME: '9/merge', GITHUB_SHA: SHA }, [undefined, '9', SHA, undefined, undefined]],
  ['github', { GITHUB_ACTIONS: 'true', GITHUB_REF: 'refs/tags/v1', GITHUB_REF_NAME: 'v1', GITHUB_SHA: SHA }, ['v1', undefined, SHA, undefined, undefined]],
  ['gitlab', { GITLAB_CI: 'true', CI_COMMIT_REF_NAME: 'main', CI_COMMIT_SHA: SHA, CI_COMMIT_TITLE: 'Say it', CI_COMMIT_AUTHOR: 'Ada Lovelace <ada@example.com>' }, ['main', undefined, SHA, 'Say it', 'Ada Lovelace']],
  ['gitlab', { GITLAB_CI: 'true', CI_COMMIT_REF_NAME: 'refs/merge-requests/3/head', CI_COMMIT_SHA: SHA }, [undefined, '3', SHA, undefined, undefined]],
  ['circleci', { CIRCLECI: 'true', CIRCLE_BRANCH: 'pull/12', CIRCLE_SHA1: SHA }, [undefined, '12', SHA, undefined, undefined]],
  ['azure', { TF_BUILD: 'True', BUILD_SOURCEBRANCH: 'refs/pull/4/merge', BUILD_SOURCEVERSION: SHA, BUILD_SOURCEVERSIONMESSAGE: 'Say it\nmore', BUILD_SOURCEVERSIONAUTHOR: 'Ada' }, [undefined, '4', SHA, 'Say it', 'Ada']],
  ['bitbucket', { BITBUCKET_BUILD_NUMBER: '1', BITBUCKET_BRANCH: 'topic', BITBUCKET_PR_ID: '5', BITBUCKET_COMMIT: SHA }, ['topic', '5', SHA, undefined, undefined]],
  ['travis', { TRAVIS: 'true', TRAVIS_BRANCH: 'main', TRAVIS_PULL_REQUEST: 'false', TRAVIS_COMMIT: SHA, TRAVIS_COMMIT_MESSAGE: 'Say it' }, ['main', undefined, SHA, 'Say it', undefined]],
  ['buildkite', { BUILDKITE: 'true', BUILDKITE_BRANCH: 'main', BUILDKITE_PULL_REQUEST: 'false', BUILDKITE_COMMIT: 'HEAD' }, ['main', undefined, undefined, undefined, undefined]],
  ['teamcity', { TEAMCITY_VERSION: '1', TEAMCITY_BUILD_BRANCH: 'refs/heads/main', BUILD_VCS_NUMBER: SHA.toUpperCase() }, ['main', undefined, SHA, undefined, undefined]],
  ['appveyor', { APPVEYOR: 'True', APPVEYOR_REPO_BRANCH: 'main', APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH: 'topic', APPVEYOR_PULL_REQUEST_NUMBER: '6', APPVEYOR_REPO_COMMIT: SHA, APPVEYOR_REPO_COMMIT_AUTHOR: 'Ada' }, ['topic', '6', SHA, undefined, 'Ada']],
  ['drone', { DRONE: 'true', DRONE_COMMIT_REF: 'refs/pull/7/head', DRONE_COMMIT_SHA: SHA, DRONE_COMMIT_AUTHOR: 'ada' }, [undefined, '7', SHA, undefined, 'ada']],
  ['woodpecker', { CI: 'woodpecker', CI_COMMIT_BRANCH: 'main', CI_COMMIT_SHA: SHA, CI_COMMIT_MESSAGE: 'Say it' }, ['main', undefined, SHA, 'Say it', undefined]],
  ['codebuild', { CODEBUILD_BUILD_ID: 'x', CODEBUILD_WEBHOOK_TRIGGER: 'pr/8', CODEBUILD_WEBHOOK_HEAD_REF: 'refs/heads/topic', CODEBUILD_RESOLVED_SOURCE_VERSION: SHA }, ['topic', '8', SHA, undefined, undefined]],
  ['jenkins', { JENKINS_URL: 'https://j', GIT_BRANCH: 'origin/main', GIT_COMMIT: SHA }, ['main', undefined, SHA, undefined, undefined]],
  ['jenkins', { JENKINS_URL: 'https://j', ghprbPullId: '9', ghprbSourceBranch: 'topic', ghprbActualCommit: SHA }, ['topic', '9', SHA, undefined, undefined]],
];

describe('facts of', () => {
  for (const [provider, env, expected] of FACTS) {
    test(`${provider} ${Object.values(env)[1]}`, () => {
      const facts = ciFacts(env);
      assert.equal(facts?.provider, provider);
      assert.deepEqual([facts?.branch, facts?.pullRequest, facts?.commit?.sha, facts?.commit?.title, facts?.commit?.author], expected);
    });
  }
  test('the event of GitHub', () => {
    const folder = mkdtempSync(join(tmpdir(), 'event-'));
    const file = join(folder, 'event.json');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_REF: 'refs/heads/main', GITHUB_SHA: SHA, GITHUB_EVENT_PATH: file };
    // `pull_request_target` runs on the branch that it goes into.
    writeFileSync(file, JSON.stringify({ pull_request: { number: 12 } }));
    assert.equal(ciFacts(env)?.pullRequest, '12');
    writeFileSync(file, JSON.stringify({ head_commit: { message: 'Say it\n\nmore', author: { name: 'Ada' } } }));
    assert.deepEqual(ciFacts(env)?.commit, { sha: SHA, title: 'Say it', author: 'Ada' });
    for (const odd of ['', '[]', 'null', '{"pull_request":{"number":"x"},"head_commit":7}']) {
      writeFileSync(file, odd);
      assert.deepEqual([ciFacts(env)?.branch, ciFacts(env)?.pullRequest], ['main', undefined], odd);
    }
    rmSync(folder, { recursive: true });
  });
  test('addresses without the password in them', () => {
    assert.equal(ciFacts({ JENKINS_URL: 'https://j', BUILD_URL: 'https://ada:secret@j.example/4?a=b@c' })?.url, 'https://j.example/4?a=b@c');
    assert.equal(ciFacts({ GITLAB_CI: 'true', CI_JOB_URL: 'https://gitlab.com/@ada/j/1' })?.url, 'https://gitlab.com/@ada/j/1');
  });
  test('parts of addresses, as parts', () => {
    const url = ciFacts({ GITHUB_ACTIONS: 'true', GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'a b/c?d', GITHUB_RUN_ID: '1#2' })?.url;
    assert.equal(url, 'https://github.com/a%20b/c%3Fd/actions/runs/1%232');
  });
  test('a checkout without git are those of the CI system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'no-git-'));
    const told = { sha: SHA, title: 'Say it', author: 'Ada' };
    assert.deepEqual(await gitFacts(folder, told), { commit: told });
    assert.deepEqual(await gitFacts(folder), {});
    execFileSync('sh', ['-c', 'git init -q -b trunk . && git -c user.name=Grace -c user.email=g@example.com commit -q --allow-empty -m "By git"'], { cwd: folder });
    const { branch, commit } = await gitFacts(folder, told);
    assert.deepEqual([branch, commit?.title, commit?.author], ['trunk', 'By git', 'Grace']);
    rmSync(folder, { recursive: true });
  });
});
