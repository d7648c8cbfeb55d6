// What a CI system says about itself, by its environment variables. Nothing of it is proof of anything.
import { readFileSync } from 'node:fs';
import { isOn, said } from './switches.ts';
import { cut } from './text.ts';

export interface CiFacts {
  provider: string;
  executionId?: string | undefined;
  executionEnv?: string | undefined;
  url?: string | undefined;
  branch?: string | undefined;
  pullRequest?: string | undefined;
  /** What it builds, for checkouts where git cannot say it. */
  commit?: Commit | undefined;
}

export interface Commit {
  sha: string;
  title?: string | undefined;
  author?: string | undefined;
}

type Env = NodeJS.ProcessEnv;
type Fact = (env: Env) => string | undefined;

interface System {
  provider: string;
  here: (env: Env) => boolean;
  execution: Fact;
  url?: Fact;
  /** Refs that it may stand on, the best first: branches, or the number of a pull request in the form of its host. */
  refs?: (env: Env) => (string | undefined)[];
  pullRequest?: Fact;
  sha?: Fact;
  title?: Fact;
  author?: Fact;
}

const set = (value: string | undefined): string | undefined => (value?.trim() ? value.trim() : undefined);
const joined = (...parts: (string | undefined)[]) => (parts.every(set) ? parts.join('-') : undefined);
const number = (value: string | undefined) => (value && /^\d+$/.test(value) ? value : undefined);
/** The number at the end of `https://…/pull/7`. */
const lastNumber = (url: string | undefined) => /(\d+)\/?$/.exec(url ?? '')?.[1];
/** `Ada <ada@example.com>` without the address. */
const nameOnly = (author: string | undefined) => set(author?.replace(/\s*<[^>]*>\s*$/, ''));
/** One part of an address. */
const part = (value: string) => encodeURIComponent(value);
/** A path of an address, part by part. */
const path = (value: string) => value.split('/').map(part).join('/');

/** Where a ref points, in whatever form: `refs/heads/main`, `refs/pull/12/merge`, `12/merge`, `refs/merge-requests/3/head`. */
export function refOf(ref: string | undefined): { branch?: string; pullRequest?: string } {
  const value = set(ref);
  if (!value || value === 'HEAD') return {};
  const pull = /^(?:refs\/)?(?:remotes\/)?(?:pull|pulls|pull-requests|merge-requests)\/(\d+)(?:\/(?:merge|head|from))?$/.exec(value)
    ?? /^(\d+)\/(?:merge|head|from)$/.exec(value)
    // The queue of GitHub builds each pull request on a branch of its own.
    ?? /^(?:refs\/heads\/)?gh-readonly-queue\/.+\/pr-(\d+)-[0-9a-f]+$/.exec(value);
  if (pull?.[1]) return { pullRequest: pull[1] };
  const branch = value.replace(/^refs\/(?:heads|tags|remotes\/[^/]+)\//, '');
  return branch ? { branch } : {};
}

/** Facts of the event that GitHub has written down. */
function event(env: Env): { pullRequest?: string; title?: string; author?: string } {
  try {
    const told = JSON.parse(readFileSync(String(env.GITHUB_EVENT_PATH), 'utf8'));
    const pull = told?.pull_request?.number;
    const head = told?.head_commit;
    return {
      ...(Number.isSafeInteger(pull) ? { pullRequest: String(pull) } : {}),
      ...(typeof head?.message === 'string' ? { title: head.message } : {}),
      ...(typeof head?.author?.name === 'string' ? { author: head.author.name } : {}),
    };
  } catch {
    return {};
  }
}

const SYSTEMS: System[] = [
  {
    provider: 'github', here: (env) => isOn(env.GITHUB_ACTIONS),
    execution: (env) => joined(env.GITHUB_RUN_ID, env.GITHUB_RUN_ATTEMPT) ?? env.GITHUB_RUN_ID,
    url: (env) => env.GITHUB_SERVER_URL && env.GITHUB_REPOSITORY && env.GITHUB_RUN_ID
      ? `${env.GITHUB_SERVER_URL}/${path(env.GITHUB_REPOSITORY)}/actions/runs/${part(env.GITHUB_RUN_ID)}` : undefined,
    refs: (env) => [env.GITHUB_HEAD_REF, env.GITHUB_REF, env.GITHUB_REF_NAME],
    // `pull_request_target` stands on the base branch.
    pullRequest: (env) => event(env).pullRequest,
    sha: (env) => env.GITHUB_SHA, title: (env) => event(env).title, author: (env) => event(env).author,
  },
  {
    provider: 'gitlab', here: (env) => isOn(env.GITLAB_CI),
    execution: (env) => env.CI_PIPELINE_ID, url: (env) => env.CI_JOB_URL,
    refs: (env) => [env.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME, env.CI_COMMIT_REF_NAME],
    pullRequest: (env) => env.CI_MERGE_REQUEST_IID ?? env.CI_EXTERNAL_PULL_REQUEST_IID,
    sha: (env) => env.CI_COMMIT_SHA, title: (env) => env.CI_COMMIT_TITLE ?? env.CI_COMMIT_MESSAGE, author: (env) => env.CI_COMMIT_AUTHOR,
  },
  {
    provider: 'circleci', here: (env) => isOn(env.CIRCLECI),
    execution: (env) => env.CIRCLE_WORKFLOW_ID, url: (env) => env.CIRCLE_BUILD_URL,
    refs: (env) => [env.CIRCLE_BRANCH, env.CIRCLE_TAG],
    pullRequest: (env) => number(env.CIRCLE_PR_NUMBER) ?? lastNumber(env.CIRCLE_PULL_REQUEST), sha: (env) => env.CIRCLE_SHA1,
  },
  {
    provider: 'azure', here: (env) => isOn(env.TF_BUILD),
    execution: (env) => env.BUILD_BUILDID,
    url: (env) => env.SYSTEM_TEAMFOUNDATIONCOLLECTIONURI && env.SYSTEM_TEAMPROJECT && env.BUILD_BUILDID
      ? `${env.SYSTEM_TEAMFOUNDATIONCOLLECTIONURI.replace(/\/*$/, '/')}${part(env.SYSTEM_TEAMPROJECT)}/_build/results?buildId=${part(env.BUILD_BUILDID)}` : undefined,
    refs: (env) => [env.SYSTEM_PULLREQUEST_SOURCEBRANCH, env.BUILD_SOURCEBRANCH],
    pullRequest: (env) => env.SYSTEM_PULLREQUEST_PULLREQUESTNUMBER ?? env.SYSTEM_PULLREQUEST_PULLREQUESTID,
    sha: (env) => env.BUILD_SOURCEVERSION, title: (env) => env.BUILD_SOURCEVERSIONMESSAGE, author: (env) => env.BUILD_SOURCEVERSIONAUTHOR,
  },
  {
    provider: 'bitbucket', here: (env) => Boolean(env.BITBUCKET_BUILD_NUMBER),
    execution: (env) => env.BITBUCKET_PIPELINE_UUID ?? env.BITBUCKET_BUILD_NUMBER,
    url: (env) => env.BITBUCKET_REPO_FULL_NAME && env.BITBUCKET_BUILD_NUMBER
      ? `https://bitbucket.org/${path(env.BITBUCKET_REPO_FULL_NAME)}/pipelines/results/${part(env.BITBUCKET_BUILD_NUMBER)}` : undefined,
    refs: (env) => [env.BITBUCKET_BRANCH, env.BITBUCKET_TAG], pullRequest: (env) => env.BITBUCKET_PR_ID, sha: (env) => env.BITBUCKET_COMMIT,
  },
  {
    provider: 'travis', here: (env) => isOn(env.TRAVIS),
    execution: (env) => env.TRAVIS_BUILD_ID, url: (env) => env.TRAVIS_BUILD_WEB_URL,
    refs: (env) => [env.TRAVIS_PULL_REQUEST_BRANCH, env.TRAVIS_BRANCH], pullRequest: (env) => env.TRAVIS_PULL_REQUEST,
    sha: (env) => set(env.TRAVIS_PULL_REQUEST_SHA) ?? env.TRAVIS_COMMIT, title: (env) => env.TRAVIS_COMMIT_MESSAGE,
  },
  {
    provider: 'buildkite', here: (env) => isOn(env.BUILDKITE),
    execution: (env) => env.BUILDKITE_BUILD_ID, url: (env) => env.BUILDKITE_BUILD_URL,
    refs: (env) => [env.BUILDKITE_BRANCH, env.BUILDKITE_TAG], pullRequest: (env) => env.BUILDKITE_PULL_REQUEST,
    sha: (env) => env.BUILDKITE_COMMIT, title: (env) => env.BUILDKITE_MESSAGE, author: (env) => env.BUILDKITE_BUILD_AUTHOR,
  },
  {
    provider: 'teamcity', here: (env) => Boolean(env.TEAMCITY_VERSION),
    // Each build has a number of its own; a chain of builds sets NX_CI_EXECUTION_ID.
    execution: (env) => joined(env.TEAMCITY_BUILDCONF_NAME, env.BUILD_NUMBER), url: (env) => env.BUILD_URL,
    refs: (env) => [env.TEAMCITY_BUILD_BRANCH, env.BRANCH_NAME], pullRequest: (env) => env.TEAMCITY_PULLREQUEST_NUMBER, sha: (env) => env.BUILD_VCS_NUMBER,
  },
  {
    provider: 'appveyor', here: (env) => isOn(env.APPVEYOR),
    execution: (env) => env.APPVEYOR_BUILD_ID,
    url: (env) => env.APPVEYOR_URL && env.APPVEYOR_ACCOUNT_NAME && env.APPVEYOR_PROJECT_SLUG && env.APPVEYOR_BUILD_ID
      ? `${env.APPVEYOR_URL}/project/${part(env.APPVEYOR_ACCOUNT_NAME)}/${part(env.APPVEYOR_PROJECT_SLUG)}/builds/${part(env.APPVEYOR_BUILD_ID)}` : undefined,
    refs: (env) => [env.APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH, env.APPVEYOR_REPO_BRANCH], pullRequest: (env) => env.APPVEYOR_PULL_REQUEST_NUMBER,
    sha: (env) => set(env.APPVEYOR_PULL_REQUEST_HEAD_COMMIT) ?? env.APPVEYOR_REPO_COMMIT,
    title: (env) => env.APPVEYOR_REPO_COMMIT_MESSAGE, author: (env) => env.APPVEYOR_REPO_COMMIT_AUTHOR,
  },
  {
    provider: 'drone', here: (env) => isOn(env.DRONE),
    execution: (env) => joined(env.DRONE_REPO, env.DRONE_BUILD_NUMBER), url: (env) => env.DRONE_BUILD_LINK,
    refs: (env) => [env.DRONE_SOURCE_BRANCH, env.DRONE_BRANCH, env.DRONE_COMMIT_REF], pullRequest: (env) => env.DRONE_PULL_REQUEST,
    sha: (env) => env.DRONE_COMMIT_SHA, title: (env) => env.DRONE_COMMIT_MESSAGE, author: (env) => set(env.DRONE_COMMIT_AUTHOR_NAME) ?? env.DRONE_COMMIT_AUTHOR,
  },
  {
    provider: 'woodpecker', here: (env) => env.CI === 'woodpecker',
    execution: (env) => joined(env.CI_REPO, env.CI_PIPELINE_NUMBER), url: (env) => env.CI_PIPELINE_URL,
    refs: (env) => [env.CI_COMMIT_SOURCE_BRANCH, env.CI_COMMIT_BRANCH, env.CI_COMMIT_REF], pullRequest: (env) => env.CI_COMMIT_PULL_REQUEST,
    sha: (env) => env.CI_COMMIT_SHA, title: (env) => env.CI_COMMIT_MESSAGE, author: (env) => env.CI_COMMIT_AUTHOR,
  },
  {
    provider: 'codebuild', here: (env) => Boolean(env.CODEBUILD_BUILD_ID),
    execution: (env) => env.CODEBUILD_BUILD_ID, url: (env) => env.CODEBUILD_PUBLIC_BUILD_URL ?? env.CODEBUILD_BUILD_URL,
    refs: (env) => [env.CODEBUILD_WEBHOOK_HEAD_REF],
    pullRequest: (env) => /^pr\/(\d+)$/.exec(env.CODEBUILD_WEBHOOK_TRIGGER ?? env.CODEBUILD_SOURCE_VERSION ?? '')?.[1],
    sha: (env) => env.CODEBUILD_RESOLVED_SOURCE_VERSION,
  },
  {
    provider: 'jenkins', here: (env) => Boolean(env.JENKINS_URL ?? env.HUDSON_URL),
    execution: (env) => env.BUILD_TAG ?? joined(env.JOB_NAME, env.BUILD_NUMBER), url: (env) => env.BUILD_URL,
    refs: (env) => [env.CHANGE_BRANCH, env.ghprbSourceBranch, env.gitlabSourceBranch, set(env.BRANCH_NAME)?.startsWith('PR-') ? undefined : env.BRANCH_NAME,
      env.GIT_LOCAL_BRANCH, env.GIT_BRANCH?.replace(/^origin\//, '')],
    pullRequest: (env) => env.CHANGE_ID ?? env.ghprbPullId ?? env.gitlabMergeRequestIid, sha: (env) => set(env.ghprbActualCommit) ?? env.GIT_COMMIT,
  },
];

// The marks that nx itself takes for CI.
const MARKS = ['TF_BUILD', 'GITHUB_ACTIONS', 'BUILDKITE', 'CIRCLECI', 'CIRRUS_CI', 'TRAVIS', 'bamboo.buildKey', 'bamboo_buildKey',
  'CODEBUILD_BUILD_ID', 'GITLAB_CI', 'HEROKU_TEST_RUN_ID', 'BUILD_ID', 'BUILD_NUMBER', 'BUILD_BUILDID', 'TEAMCITY_VERSION', 'JENKINS_URL', 'HUDSON_URL'];

export const isCi = (env: Env = process.env): boolean =>
  (said(env.CI) ?? false) !== false || MARKS.some((name) => (said(env[name]) ?? false) !== false);

/** Facts about the CI system, or none on a person's machine. */
export function ciFacts(env: Env = process.env): CiFacts | undefined {
  const named = set(env.NX_CI_EXECUTION_ID) ?? set(env.NX_RUN_GROUP);
  const system = SYSTEMS.find(({ here }) => here(env));
  if (!system && !named && !isCi(env)) return undefined;
  const refs = [branchOf(env), ...(system?.refs?.(env) ?? []).map(refOf)];
  const [asked] = refs;
  const execution = named ?? set(system?.execution(env));
  const place = set(env.NX_CI_EXECUTION_ENV);
  return {
    provider: system?.provider ?? 'other',
    executionId: execution && cut(execution, 200),
    executionEnv: place && cut(place, 100),
    url: web(set(system?.url?.(env))),
    branch: refs.find(({ branch }) => branch)?.branch,
    pullRequest: asked?.pullRequest ?? number(set(system?.pullRequest?.(env))) ?? refs.find(({ pullRequest }) => pullRequest)?.pullRequest,
    commit: commitOf(env, system),
  };
}

function commitOf(env: Env, system: System | undefined): Commit | undefined {
  const sha = set(system?.sha?.(env))?.toLowerCase();
  if (!sha || !/^[0-9a-f]{40,64}$/.test(sha)) return undefined;
  return { sha, title: set(set(system?.title?.(env))?.split('\n')[0]), author: nameOnly(system?.author?.(env)) };
}

/** `NX_BRANCH` is a branch, or the number of a pull request (`12`, `#12`, `!12`, Jenkins' `PR-12`), or a ref to either. */
export function branchOf(env: Env = process.env): { branch?: string; pullRequest?: string } {
  const value = set(env.NX_BRANCH);
  const pull = /^(?:[#!]|[PM]R-)?(\d+)$/.exec(value ?? '')?.[1];
  return pull ? { pullRequest: pull } : refOf(value);
}

/** An address that a browser may open; never with the password that some systems leave in it. */
function web(url: string | undefined): string | undefined {
  if (!url || !/^https?:\/\//.test(url) || url.length > 2000) return undefined;
  return url.replace(/^(https?:\/\/)[^/?#]*@/, '$1');
}
