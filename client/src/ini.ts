// `nxcloud.ini`: the personal access tokens of one person, one section per server. Its place and shape are those that
// Nx Console and others read. Others write it, too: of their lines, also of their comments, none is changed.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { rewrite } from './files.ts';
import { serverAddress } from './settings.ts';

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

/** The name of a server in the file: its address, written as it is used. */
export const section = (url: string): string => serverAddress(url) ?? url.replace(/\/+$/, '');

const KEY = /^\s*personalAccessToken\s*=\s*(.*?)\s*$/;

function read(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The server that a line begins the section of. Dots are escaped; some leave them as they are. */
function header(line: string): string | undefined {
  const name = /^\s*\[(.*)\]\s*$/.exec(line.replace(/^\uFEFF/, ''))?.[1];
  return name === undefined ? undefined : section(name.replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1'));
}

/** A value: quoted, or up to a comment. */
function valueOf(text: string): string {
  if (/^(["']).*\1$/.test(text)) return text.slice(1, -1);
  return text.replace(/\s*(?<!\\)[;#].*$/, '').replace(/\\([;#\\])/g, '$1');
}

/** All servers in the file with their tokens. */
export function logins(path = place()): Map<string, string> {
  const found = new Map<string, string>();
  let server: string | undefined;
  for (const line of read(path)) {
    server = header(line) ?? server;
    const token = KEY.exec(line)?.[1];
    if (server !== undefined && token && valueOf(token)) found.set(server, valueOf(token));
  }
  return found;
}

/** The lines with those of this server's sections mapped. */
function within(lines: string[], url: string, change: (section: string[]) => string[]): { lines: string[]; seen: boolean } {
  const changed: string[] = [];
  let seen = false;
  for (let at = 0; at < lines.length;) {
    const name = header(lines[at] as string);
    let end = at + 1;
    while (end < lines.length && header(lines[end] as string) === undefined) end += 1;
    const part = lines.slice(at, end);
    if (name === section(url)) seen = true;
    changed.push(...(name === section(url) ? change(part) : part));
    at = end;
  }
  return { lines: changed, seen };
}

/** Keeps the token for this server; the others stay. */
export function keep(url: string, token: string, path = place()): string {
  const lines = read(path);
  const end = lines.some((line) => line.endsWith('\r')) ? '\r' : '';
  const entry = `personalAccessToken=${token}${end}`;
  const { lines: kept, seen } = within(lines, url, ([first = '', ...rest]) => [first, entry, ...rest.filter((line) => !KEY.test(line))]);
  if (!seen) {
    while (kept.at(-1)?.trim() === '') kept.pop();
    if (kept.length > 0) kept.push(end);
    kept.push(`[${section(url).replace(/[.\\]/g, '\\$&')}]${end}`, entry, '');
  }
  rewrite(path, kept.join('\n'), 0o600);
  return path;
}

/** Forgets the token for this server. */
export function forget(url: string, path = place()): void {
  const { lines } = within(read(path), url, (part) => {
    const rest = part.slice(1).filter((line) => !KEY.test(line));
    return rest.some((line) => line.trim() !== '') ? [part[0] as string, ...rest] : [];
  });
  rewrite(path, lines.join('\n'), 0o600);
}
