// The content of an artifact: a gzip'd tar, laid out as nx itself does it for its HTTP cache. An archive is not trusted:
// nothing of it lands outside its folder, whoever made it.
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, readFile, readdir, readlink, rename, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants as zlib, createGunzip, createGzip, gzipSync } from 'node:zlib';
import { type Extract, type Header, type Pack, extract, pack } from 'tar-stream';
import { type Borders, EVERYWHERE } from './borders.ts';

/** What a task left: its files in `folder`, its log, its exit code. */
export interface Content {
  folder: string;
  terminalOutput: string;
  code: number;
  /** Where its files may be, and its links point; without, anywhere in the workspace. */
  borders?: Borders;
}

type Headers = Partial<Header> & Pick<Header, 'name'>;
type Entry = Extract extends AsyncIterable<infer One> ? One : never;

/** The archive is not one, or does what none may. */
export class BadArchive extends Error {}

/** It grew over what may be stored. */
export class TooLarge extends Error {}

const META = ['terminalOutput', 'code'];
/** Unpacked bytes and entries of one artifact at most: an archive that grows without end fills no disk. */
const MOST_BYTES = 64 * 2 ** 30;
const MOST_ENTRIES = 2_000_000;
const MOST_LOG = 256 << 20;
/** Bytes of a file that is read at one go. */
const AT_ONE_GO = 64 << 10;
const EPOCH = new Date(0);
/** Who may read, write and run a file, exactly as nx's own cache keeps it; folders are as the umask says, as with nx. */
const MODE = 0o777;

/** Writes the archive of `content` through `sinks`. */
export async function packInto(content: Content, ...sinks: [...Transform[], Writable]): Promise<void> {
  const out = pack();
  // Fast rather than small: nx waits while we pack.
  const written = pipeline([out, createGzip({ level: zlib.Z_BEST_SPEED }), ...sinks] as never) as Promise<void>;
  const filled = fill(out, content).then(() => out.finalize(), (error: Error) => out.destroy(error));
  await Promise.all([written, filled]);
}

/** The same in memory, for one that is small: a file and four streams take longer than all of the rest. */
export async function packBytes(content: Content): Promise<Buffer> {
  const out = pack();
  const parts: Buffer[] = [];
  const filled = fill(out, content).then(() => out.finalize(), (error: Error) => out.destroy(error));
  for await (const part of out as AsyncIterable<Buffer>) parts.push(part);
  await filled;
  return gzipSync(Buffer.concat(parts), { level: zlib.Z_BEST_SPEED });
}

/** Whether there are at most so many bytes below this folder. */
export async function isSmall(folder: string, most: number): Promise<boolean> {
  let left = most;
  const walked = async (at: string): Promise<boolean> => {
    for (const one of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      left -= 1_000;
      const path = join(at, one.name);
      if (one.isFile()) left -= (await lstat(path)).size;
      if (left < 0 || (one.isDirectory() && !(await walked(path)))) return false;
    }
    return true;
  };
  return walked(folder);
}

async function fill(out: Pack, { folder, terminalOutput, code, borders = EVERYWHERE }: Content): Promise<void> {
  await walk(out, folder, '', borders);
  await add(out, { name: 'terminalOutput', mode: 0o644 }, Buffer.from(terminalOutput, 'utf8'));
  const number = Buffer.alloc(4);
  number.writeInt32BE(code | 0);
  await add(out, { name: 'code', mode: 0o644 }, number);
}

async function walk(out: Pack, root: string, path: string, borders: Borders): Promise<void> {
  const names = await readdir(join(root, path)).catch((error: NodeJS.ErrnoException) => {
    // A task without outputs has no folder.
    if (error.code === 'ENOENT' && path === '') return [];
    throw error;
  });
  for (const name of names.sort()) {
    const at = path ? `${path}/${name}` : name;
    const full = join(root, at);
    const seen = await lstat(full);
    if (seen.isDirectory()) {
      await add(out, { name: `${at}/`, type: 'directory', mode: 0o755 });
      await walk(out, root, at, borders);
    } else if (seen.isSymbolicLink()) {
      const linkname = await readlink(full);
      if (!borders.mayLink(at.split('/'), linkname)) throw new BadArchive(`the link ${at} points out of the output that it is in`);
      await add(out, { name: at, type: 'symlink', linkname });
    } else if (seen.isFile()) {
      await addFile(out, { name: at, mode: seen.mode & MODE, size: seen.size }, full);
    }
  }
}

// Times and owners say nothing about a result; without them equal results are equal bytes.
const clean = (headers: Headers): Headers => ({ ...headers, mtime: EPOCH, uid: 0, gid: 0 });

function add(out: Pack, headers: Headers, body?: Buffer): Promise<void> {
  return new Promise((done, fail) => {
    const end = (error?: Error | null) => (error ? fail(error) : done());
    if (body) out.entry(clean({ ...headers, size: body.length }), body, end);
    else out.entry(clean(headers), end);
  });
}

async function addFile(out: Pack, headers: Headers & { size: number }, file: string): Promise<void> {
  if (headers.size === 0) return add(out, headers, Buffer.alloc(0));
  if (headers.size <= AT_ONE_GO) {
    const body = await readFile(file);
    return add(out, { ...headers, size: body.length }, body);
  }
  await new Promise<void>((done, fail) => {
    const entry = out.entry(clean(headers), (error) => (error ? fail(error) : done()));
    pipeline(createReadStream(file, { end: headers.size - 1 }), entry as unknown as Writable).catch(fail);
  });
}

/** The parts of an entry's path, when it is one that may be written. */
export function parts(name: string): string[] {
  const found = name.replace(/\/+$/, '').split('/').filter((part) => part !== '.' && part !== '');
  const odd = name.startsWith('/') || name.includes('\0') || found.some((part) => part === '..')
    || (process.platform === 'win32' && (name.includes('\\') || /^[A-Za-z]:/.test(name)));
  if (odd) throw new BadArchive('it names a path outside its folder');
  return found;
}

/** Unpacks into `folder`, which must not exist, what stays within the borders; answers log and exit code. */
export async function unpack(archive: Readable, folder: string, borders: Borders = EVERYWHERE): Promise<{ terminalOutput: string; code: number }> {
  await mkdir(folder, { recursive: true });
  const aside = `${folder}.meta`;
  await mkdir(aside);
  const reader = extract({ allowUnknownFormat: true } as object);
  const modes = new Map<string, number>();
  let entries = 0;
  let bytes = 0;
  const bounded = new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length;
      if (bytes > MOST_BYTES) done(new BadArchive('it is larger than any may be'));
      else done(null, part);
    },
  });
  const read = pipeline(archive, createGunzip(), bounded, reader as unknown as Writable);
  const write = (async () => {
    for await (const entry of reader) {
      entries += 1;
      if (entries > MOST_ENTRIES) throw new BadArchive('it has more entries than any may have');
      await place(entry, folder, aside, borders, modes);
    }
  })();
  write.catch((error: Error) => reader.destroy(error));
  const [wrote, got] = await Promise.allSettled([write, read]);
  if (wrote.status === 'rejected') throw wrote.reason;
  if (got.status === 'rejected') throw got.reason;
  return meta(aside);
}

async function place(entry: Entry, folder: string, aside: string, borders: Borders, modes: Map<string, number>): Promise<void> {
  const { name, type, mode, linkname } = entry.header;
  const path = parts(name);
  const last = path[path.length - 1];
  if (type === 'file' && path.length === 1 && META.includes(last as string)) {
    // Only the last of that name is ours; an output of the workspace may be called so, too.
    const file = join(aside, last as string);
    const before = join(folder, last as string);
    const kept = modes.get(last as string);
    await rename(file, before).then(async () => {
      allow(path, borders);
      await chmod(before, kept ?? 0o644);
    }, ignoreMissing);
    await write(entry, file, 0o600);
    modes.set(last as string, (mode ?? 0o644) & MODE);
    return;
  }
  if (type !== 'file' && type !== 'directory' && type !== 'symlink') throw new BadArchive(`it holds a ${String(type)}`);
  const full = join(folder, ...path);
  allow(path, borders, type === 'directory');
  if (last !== undefined) await parents(folder, path.slice(0, -1));
  if (type === 'directory') {
    await parents(folder, path);
  } else if (last === undefined) {
    throw new BadArchive('it has an entry without a name');
  } else if (type === 'symlink') {
    // nx 24 refuses what leaves the output, older ones take it; we never write through one.
    if (!linkname || !borders.mayLink(path, linkname)) throw new BadArchive('it has a link that leads out of its output');
    await symlink(linkname, full);
  } else {
    await write(entry, full, mode);
    return;
  }
  entry.resume();
}

function allow(path: string[], borders: Borders, folder = false): void {
  if (!borders.mayHold(path, folder)) throw new BadArchive('it names a path outside the outputs of its task');
}

/** `wx` follows no link and replaces nothing. Until all is there, only we can read it; the umask has no say in the mode. */
async function write(entry: Entry, file: string, mode: number | undefined): Promise<void> {
  await pipeline(entry as unknown as Readable, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  await chmod(file, (mode ?? 0o644) & MODE);
}

/** Makes these folders, each a real one: no entry is written through a link that another entry made. */
async function parents(folder: string, path: string[]): Promise<void> {
  let at = folder;
  for (const part of path) {
    at = join(at, part);
    const made = await mkdir(at).then(() => true, (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    });
    if (!made && !(await lstat(at)).isDirectory()) throw new BadArchive('it writes through a link');
  }
}

const ignoreMissing = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'ENOENT') throw error;
};

async function meta(aside: string): Promise<{ terminalOutput: string; code: number }> {
  const log = join(aside, 'terminalOutput');
  const number = await readFile(join(aside, 'code')).catch(() => undefined);
  const size = await stat(log).then((seen) => seen.size, () => undefined);
  if (number?.length !== 4 || size === undefined) throw new BadArchive('it is not whole');
  if (size > MOST_LOG) throw new BadArchive('its log is larger than any may be');
  return { terminalOutput: await readFile(log, 'utf8'), code: number.readInt32BE() };
}
