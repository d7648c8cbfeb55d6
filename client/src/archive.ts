// The content of an artifact: a gzip'd tar, laid out as nx itself does it for its HTTP cache. An archive is not trusted:
// nothing of it lands outside its folder, whoever made it.
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, readFile, readdir, readlink, rename, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants as zlib, createGunzip, createGzip } from 'node:zlib';
import { type Extract, type Header, type Pack, extract, pack } from 'tar-stream';

/** What a task left: its files in `folder`, its log, its exit code. */
export interface Content {
  folder: string;
  terminalOutput: string;
  code: number;
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
const EPOCH = new Date(0);

/** Writes the archive of `content` through `sinks`. */
export async function packInto(content: Content, ...sinks: [...Transform[], Writable]): Promise<void> {
  const out = pack();
  // Fast rather than small: nx waits while we pack.
  const written = pipeline([out, createGzip({ level: zlib.Z_BEST_SPEED }), ...sinks] as never) as Promise<void>;
  const filled = fill(out, content).then(() => out.finalize(), (error: Error) => out.destroy(error));
  await Promise.all([written, filled]);
}

async function fill(out: Pack, { folder, terminalOutput, code }: Content): Promise<void> {
  await walk(out, folder, '');
  await add(out, { name: 'terminalOutput', mode: 0o644 }, Buffer.from(terminalOutput, 'utf8'));
  const number = Buffer.alloc(4);
  number.writeInt32BE(code | 0);
  await add(out, { name: 'code', mode: 0o644 }, number);
}

async function walk(out: Pack, root: string, path: string): Promise<void> {
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
      await walk(out, root, at);
    } else if (seen.isSymbolicLink()) {
      await add(out, { name: at, type: 'symlink', linkname: await readlink(full) });
    } else if (seen.isFile()) {
      await addFile(out, { name: at, mode: seen.mode & 0o111 ? 0o755 : 0o644, size: seen.size }, full);
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

/** Unpacks into `folder`, which must not exist; answers log and exit code. */
export async function unpack(archive: Readable, folder: string): Promise<{ terminalOutput: string; code: number }> {
  await mkdir(folder, { recursive: true });
  const aside = `${folder}.meta`;
  await mkdir(aside);
  const reader = extract({ allowUnknownFormat: true } as object);
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
      await place(entry, folder, aside);
    }
  })();
  write.catch((error: Error) => reader.destroy(error));
  const [wrote, got] = await Promise.allSettled([write, read]);
  if (wrote.status === 'rejected') throw wrote.reason;
  if (got.status === 'rejected') throw got.reason;
  return meta(aside);
}

async function place(entry: Entry, folder: string, aside: string): Promise<void> {
  const { name, type, mode, linkname } = entry.header;
  const path = parts(name);
  const last = path[path.length - 1];
  if (type === 'file' && path.length === 1 && META.includes(last as string)) {
    // Only the last of that name is ours; an output of the workspace may be called so, too.
    const file = join(aside, last as string);
    await rename(file, join(folder, last as string)).catch(ignoreMissing);
    await pipeline(entry as unknown as Readable, createWriteStream(file, { flags: 'wx' }));
    if ((mode ?? 0) & 0o111) await chmod(file, 0o755);
    return;
  }
  if (type !== 'file' && type !== 'directory' && type !== 'symlink') throw new BadArchive(`it holds a ${String(type)}`);
  const full = join(folder, ...path);
  if (last !== undefined) await parents(folder, path.slice(0, -1));
  if (type === 'directory') {
    await parents(folder, path);
  } else if (last === undefined) {
    throw new BadArchive('it has an entry without a name');
  } else if (type === 'symlink') {
    // Where it points is judged by nx, which refuses what leaves the outputs. We never write through one.
    if (!linkname || linkname.includes('\0')) throw new BadArchive('it has a link to nowhere');
    await symlink(linkname, full);
  } else {
    // `wx` follows no link and replaces nothing.
    await pipeline(entry as unknown as Readable, createWriteStream(full, { flags: 'wx', mode: (mode ?? 0) & 0o111 ? 0o755 : 0o644 }));
    return;
  }
  entry.resume();
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
