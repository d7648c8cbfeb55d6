// What a workspace and its environment say: which server, whether to use it at all, which switches.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parse as parseEnv } from 'dotenv';
import { parse as parseJson } from 'jsonc-parser';

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
  tasksRunnerOptions?: Record<string, { runner?: string; options?: Options } | undefined>;
}

export interface Settings {
  root: string;
  /** Address of the server, without a slash at the end; none when nobody named one. */
  url?: string;
  /** Why the server is not to be used although there is one. */
  off?: string;
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

export function readNxJson(root: string): NxJson {
  try {
    const found: unknown = parseJson(readFileSync(join(root, 'nx.json'), 'utf8'), [], { allowTrailingComma: true });
    return typeof found === 'object' && found !== null ? (found as NxJson) : {};
  } catch {
    return {};
  }
}

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

const yes = (value: string | undefined) => value === 'true';

/** Settings of one command. `options` are those that nx gave the runner; without, those of `nx.json`. */
export function settings(root: string, given?: { options?: Options; nxJson?: NxJson }): Settings {
  const nxJson = given?.nxJson ?? readNxJson(root);
  const options = { ...runnerOptions(nxJson), ...given?.options };
  const file = fileOf(root);
  const read: Settings['read'] = (name) => {
    const set = text(process.env[name]);
    if (set) return { value: set, source: 'environment' };
    const kept = text(file[name]);
    return kept ? { value: kept, source: 'nx-cloud.env' } : undefined;
  };
  const value = (name: string) => read(name)?.value;
  const off = yes(process.env.NX_NO_CLOUD) ? 'NX_NO_CLOUD is set'
    : nxJson.neverConnectToCloud ? 'nx.json says neverConnectToCloud'
    : options.cloud === false ? '--no-cloud was given' : undefined;
  const skip = options.skipNxCache || options.skipRemoteCache
    || yes(process.env.NX_SKIP_REMOTE_CACHE) || yes(process.env.NX_DISABLE_REMOTE_CACHE)
    || yes(process.env.NX_SKIP_NX_CACHE) || yes(process.env.NX_DISABLE_NX_CACHE);
  return {
    root, nxJson, options, read,
    url: (text(process.env.NX_CLOUD_API) ?? text(options.url) ?? text(nxJson.nxCloudUrl))?.replace(/\/+$/, ''),
    ...(off ? { off } : {}),
    cache: !skip,
    encryptionKey: value('NX_CLOUD_ENCRYPTION_KEY') ?? text(options.encryptionKey) ?? text(nxJson.nxCloudEncryptionKey),
    uploadLogs: value('NX_CLOUD_UPLOAD_LOGS') !== 'false',
    noTimeouts: value('NX_CLOUD_NO_TIMEOUTS') === 'true',
    executionKey: value('NX_CLOUD_EXECUTION_KEY'),
    maskedProperties: maskedProperties(nxJson, options),
  };
}
