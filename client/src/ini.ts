// `nxcloud.ini`: the personal access tokens of one person, one section per server. Its place and shape are those that
// Nx Console and others read.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'ini';

type Sections = Record<string, unknown>;

/** Where the file may be: the first one that exists counts. */
export function places(env: NodeJS.ProcessEnv = process.env, platform = process.platform, home = homedir()): string[] {
  if (platform === 'win32') {
    const local = env.LOCALAPPDATA ?? join(home, 'AppData', 'Local');
    return [join(home, '.nxcloud.ini'), join(local, 'nxcloud', 'nxcloud.ini')];
  }
  const found = [join(home, '.nxcloud.ini'), join(home, '.config', 'nxcloud', 'nxcloud.ini')];
  return env.XDG_CONFIG_HOME ? [join(env.XDG_CONFIG_HOME, 'nxcloud', 'nxcloud.ini'), ...found] : found;
}

/** The file to read and write: the one that is there, or the documented place for a new one. */
export function place(): string {
  const all = places();
  const fresh = process.env.XDG_CONFIG_HOME && process.platform !== 'win32' ? all[0] : all[all.length - 1];
  return all.find((path) => existsSync(path)) ?? (fresh as string);
}

/** The name of a server in the file: its address without a slash at the end. */
export const section = (url: string): string => url.replace(/\/+$/, '');

function read(path: string): Sections {
  try {
    return parse(readFileSync(path, 'utf8')) as Sections;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** All servers in the file with their tokens. */
export function logins(path = place()): Map<string, string> {
  const found = new Map<string, string>();
  for (const [url, content] of Object.entries(read(path))) {
    const token = (content as Sections | null)?.personalAccessToken;
    if (typeof token === 'string' && token) found.set(section(url), token);
  }
  return found;
}

function write(path: string, sections: Sections): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Whole or not at all, and never readable by others, also not for a moment.
  const fresh = `${path}.${process.pid}.tmp`;
  rmSync(fresh, { force: true });
  try {
    writeFileSync(fresh, stringify(sections), { mode: 0o600, flag: 'wx' });
    chmodSync(fresh, 0o600);
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Keeps the token for this server; the others stay. */
export function keep(url: string, token: string, path = place()): string {
  const sections = read(path);
  const before = sections[section(url)];
  const others = typeof before === 'object' && before !== null ? before : {};
  write(path, { ...sections, [section(url)]: { ...others, personalAccessToken: token } });
  return path;
}

/** Forgets the token for this server. */
export function forget(url: string, path = place()): void {
  const sections = read(path);
  delete sections[section(url)];
  write(path, sections);
}
