// What a workspace and its environment say: which server, whether to use it at all, which switches.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { parse as parseEnv } from 'dotenv';
import { parse as parseJson } from 'jsonc-parser';
import { isOn, said } from './switches.ts';
import { cut } from './text.ts';

/** The runner's options in `nx.json`, and what nx adds to them. */
export interface Options {
  url?: string;
  accessToken?: string;
  nxCloudId?: string;
  encryptionKey?: string;
  cloud?: boolean;
  skipNxCache?: boolean;
  skipRemoteCache?: boolean;
  cacheableOperations?: string[];
  cacheableTargets?: string[];
  maskedProperties?: string[];
  [other: string]: unknown;
}

/** What we read of `nx.json`. */
export interface NxJson {
  nxCloudUrl?: string;
  nxCloudId?: string;
  nxCloudAccessToken?: string;
  nxCloudEncryptionKey?: string;
  neverConnectToCloud?: boolean;
  /** Another file, or a package, whose settings lie below these. */
  extends?: string;
  tasksRunnerOptions?: Record<string, { runner?: string; options?: Options } | undefined>;
}

export interface Settings {
  root: string;
  /** Address of the server, without a slash at the end; none when nobody named one. */
  url?: string;
  /** Why the server is not to be used although there is one. */
  off?: string;
  /** Whether that is so only because a switch was not understood, which people must be told. */
  offUnclear: boolean;
  /** What was set and is not understood, or not used: sentences for people. */
  warnings: string[];
  /** Whether artifacts are fetched and stored. */
  cache: boolean;
  encryptionKey?: string;
  /** Whether logs may leave this machine in clear. */
  uploadLogs: boolean;
  /** Whether a slow answer is waited for without end. */
  noTimeouts: boolean;
  executionKey?: string;
  /** Arguments whose values are never recorded, beside those whose names say so. */
  maskedProperties: string[];
  nxJson: NxJson;
  options: Options;
  /** The environment, and below it what `nx-cloud.env` says. */
  read(name: string): { value: string; source: 'environment' | 'nx-cloud.env' } | undefined;
}

/** The folder with `nx.json` above this one. */
export function workspaceRoot(from = process.cwd()): string | undefined {
  const named = process.env.NX_WORKSPACE_ROOT_PATH;
  if (named && existsSync(join(named, 'nx.json'))) return named;
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'nx.json'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function readJson(file: string): NxJson {
  // Editors of Windows begin a file with a mark.
  const found: unknown = parseJson(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), [], { allowTrailingComma: true });
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as NxJson) : {};
}

/** The file that `extends` in `nx.json` names, as nx finds it: relative, or in a package. */
export function extendedFile(root: string, name: unknown): string | undefined {
  try {
    return typeof name === 'string' ? createRequire(join(root, 'nx.json')).resolve(name) : undefined;
  } catch {
    return undefined;
  }
}

/** What nx takes for `nx.json`: the file, and below it the one that it extends. nx follows no second `extends`. */
export function readNxJson(root: string): NxJson {
  try {
    const own = readJson(join(root, 'nx.json'));
    const base = extendedFile(root, own.extends);
    return base ? { ...readJson(base), ...own } : own;
  } catch {
    return {};
  }
}

/** Variables that builds have from nx, which reads these files of the workspace: commands get them, too. The first counts. */
export function loadEnvironment(root: string): void {
  for (const name of ['.local.env', '.env.local', '.env']) {
    let found: Record<string, string>;
    try {
      found = parseEnv(readFileSync(join(root, name)));
    } catch {
      continue;
    }
    for (const [variable, value] of Object.entries(found)) process.env[variable] ??= expand(value, { ...process.env, ...found });
  }
}

/** `${NAME}` and `$NAME` in a value, once, as nx expands them. */
const expand = (value: string, known: Record<string, string | undefined>): string =>
  value.replace(/(\\?)\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g, (all, escaped: string, one?: string, fallback?: string, two?: string) =>
    (escaped ? all.slice(1) : known[(one ?? two) as string] || fallback || ''));

/** The options that nx would give the runner. */
export function runnerOptions(nxJson: NxJson): Options {
  const entries = Object.values(nxJson.tasksRunnerOptions ?? {});
  const cloud = entries.find((entry) => entry?.runner === 'nx-cloud' || entry?.runner === '@nrwl/nx-cloud')
    ?? entries.find((entry) => entry?.options?.accessToken || entry?.options?.nxCloudId);
  return cloud?.options ?? {};
}

/** Below which folder nx keeps what belongs to this checkout. */
export function workspaceData(root: string): string {
  const named = process.env.NX_WORKSPACE_DATA_DIRECTORY ?? process.env.NX_PROJECT_GRAPH_CACHE_DIRECTORY;
  if (named) return isAbsolute(named) ? named : join(root, named);
  return join(root, '.nx', 'workspace-data');
}

function fileOf(root: string): Record<string, string> {
  try {
    return parseEnv(readFileSync(join(root, 'nx-cloud.env')));
  } catch {
    return {};
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() ? value.trim() : undefined);
/** All that are named anywhere: too many do no harm. */
function maskedProperties(nxJson: NxJson, options: Options): string[] {
  const all = [options, ...Object.values(nxJson.tasksRunnerOptions ?? {}).map((entry) => entry?.options)];
  return all.flatMap((one): unknown[] => (Array.isArray(one?.maskedProperties) ? one.maskedProperties : []))
    .filter((name): name is string => typeof name === 'string' && name !== '');
}

/** An address as it is used: scheme, host and path, without a slash at the end; none for what is not one, or holds a password. */
export function serverAddress(value: string): string | undefined {
  try {
    const { protocol, username, password, origin, pathname } = new URL(value);
    if (!/^https?:\/\/[^/]/i.test(value) || !/^https?:$/.test(protocol) || username || password) return undefined;
    return `${origin}${pathname}`.replace(/\/+$/, '');
  } catch {
    return undefined;
  }
}

/** Variables of nx's own HTTP cache, which nx leaves alone in a connected workspace. */
const HTTP_CACHE = ['NX_SELF_HOSTED_REMOTE_CACHE_SERVER', 'NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN'];

/** Characters of an encryption key below which it can be guessed. */
const SHORT_KEY = 20;

/** Settings of one command. `options` are those that nx gave the runner; without, those of `nx.json`. */
export function settings(root: string, given?: { options?: Options; nxJson?: NxJson }): Settings {
  const nxJson = given?.nxJson ?? readNxJson(root);
  const options = { ...runnerOptions(nxJson), ...given?.options };
  const file = fileOf(root);
  const warnings: string[] = [];
  const read: Settings['read'] = (name) => {
    const set = text(process.env[name]);
    if (set) return { value: set, source: 'environment' };
    const kept = text(file[name]);
    return kept ? { value: kept, source: 'nx-cloud.env' } : undefined;
  };
  const value = (name: string) => read(name)?.value;
  /** A switch by its name; what is not understood is said, and counts as `careful`. */
  const flag = (name: string, careful: boolean, what: string, found: unknown = process.env[name]): boolean | undefined => {
    const answer = said(found);
    if (answer !== 'unclear') return answer;
    warnings.push(`${name} is "${cut(String(found).replace(/[\p{Cc}\p{Cf}]+/gu, ' '), 40)}", which is neither true nor false: ${what}.`);
    return careful;
  };
  const off = flag('NX_NO_CLOUD', true, 'the server is not used') ? 'NX_NO_CLOUD is set'
    : flag('neverConnectToCloud', true, 'the server is not used', nxJson.neverConnectToCloud) ? 'nx.json says neverConnectToCloud'
    : flag('--cloud', false, 'the server is not used', options.cloud) === false ? '--no-cloud was given' : undefined;
  const offUnclear = off !== undefined && warnings.length > 0;
  const skip = [
    ...(['skipNxCache', 'skipRemoteCache'] as const).map((name) => [name, options[name]] as const),
    ...['NX_SKIP_REMOTE_CACHE', 'NX_DISABLE_REMOTE_CACHE', 'NX_SKIP_NX_CACHE', 'NX_DISABLE_NX_CACHE'].map((name) => [name, process.env[name]] as const),
  ].filter(([name, found]) => flag(name, true, 'the remote cache is not used', found)).length > 0;
  const uploadLogs = flag('NX_CLOUD_UPLOAD_LOGS', false, 'logs are not uploaded', value('NX_CLOUD_UPLOAD_LOGS')) ?? true;
  const noTimeouts = flag('NX_CLOUD_NO_TIMEOUTS', false, 'a slow server is not waited for', value('NX_CLOUD_NO_TIMEOUTS')) ?? false;
  const encryptionKey = value('NX_CLOUD_ENCRYPTION_KEY') ?? text(options.encryptionKey) ?? text(nxJson.nxCloudEncryptionKey);
  if (encryptionKey && [...encryptionKey].length < SHORT_KEY) {
    warnings.push(`the encryption key is short, and can be guessed: use ${SHORT_KEY} random characters or more.`);
  }
  const unused = off ? [] : HTTP_CACHE.filter((name) => text(process.env[name]));
  if (unused.length > 0) {
    warnings.push(`${unused.join(' and ')} ${unused.length > 1 ? 'are' : 'is'} set but not used: this workspace is connected by nx.json or a token, and that counts.`);
  }
  const url = text(process.env.NX_CLOUD_API) ?? text(options.url) ?? text(nxJson.nxCloudUrl);
  return {
    root, nxJson, options, read, warnings, offUnclear, uploadLogs, noTimeouts, encryptionKey,
    url: url && (serverAddress(url) ?? url.replace(/\/+$/, '')),
    ...(off ? { off: offUnclear ? (warnings[0] as string) : off } : {}),
    cache: !skip,
    executionKey: value('NX_CLOUD_EXECUTION_KEY'),
    maskedProperties: maskedProperties(nxJson, options),
  };
}

/** Whether nx itself keeps the results of failed tasks, too. */
export const cachesFailures = (): boolean => isOn(process.env.NX_CACHE_FAILURES);
