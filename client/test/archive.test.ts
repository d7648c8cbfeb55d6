import assert from 'node:assert/strict';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import { packInto, parts, unpack } from '../src/archive.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'archive-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

/** One line per entry below a folder. */
async function list(root: string, path = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(join(root, path))).sort()) {
    const at = join(path, name);
    const seen = await lstat(join(root, at));
    if (seen.isDirectory()) lines.push(`${at}/`, ...(await list(root, at)));
    else if (seen.isSymbolicLink()) lines.push(`${at} -> ${await readlink(join(root, at))}`);
    else lines.push(`${at} ${seen.mode & 0o111 ? 'x' : '-'} ${(await readFile(join(root, at))).toString('base64').slice(0, 40)}`);
  }
  return lines;
}

async function packed(from: string, terminalOutput = 'log', code = 0): Promise<string> {
  const file = join(folder, `archive${Math.random()}`);
  await packInto({ folder: from, terminalOutput, code }, createWriteStream(file));
  return file;
}

describe('an archive', () => {
  test('comes back as it was: links, executables, empty folders and files, long and odd names', async () => {
    const from = join(folder, 'from');
    const deep = join(from, 'dist', ...Array.from({ length: 12 }, (_, n) => `a-rather-long-name-of-a-folder-${n}`));
    await mkdir(deep, { recursive: true });
    await mkdir(join(from, 'dist', 'empty'));
    await writeFile(join(deep, 'file.txt'), 'deep');
    await writeFile(join(from, 'dist', 'äöü 日本 🚀 $x\\y.txt'), 'odd');
    await writeFile(join(from, 'dist', 'nothing'), '');
    await writeFile(join(from, 'dist', 'large'), Buffer.alloc(3 << 20, 'abc'));
    await writeFile(join(from, 'dist', 'run.sh'), '#!/bin/sh');
    await chmod(join(from, 'dist', 'run.sh'), 0o755);
    await symlink('nothing', join(from, 'dist', 'link'));
    await symlink('../gone', join(from, 'dist', 'dangling'));
    await symlink('empty', join(from, 'dist', 'folder-link'));
    const before = await list(from);
    const found = await unpack(createReadStream(await packed(from, 'said äöü\u001b[1m\n', 3)), join(folder, 'to'));
    assert.deepEqual(found, { terminalOutput: 'said äöü\u001b[1m\n', code: 3 });
    assert.deepEqual(await list(join(folder, 'to')), before);
  });

  test('is the same bytes for the same content', async () => {
    const from = join(folder, 'from');
    await mkdir(from);
    await writeFile(join(from, 'a'), 'a');
    const first = await readFile(await packed(from));
    await writeFile(join(from, 'a'), 'a');
    assert.deepEqual(await readFile(await packed(from)), first);
  });

  test('of a task without outputs holds its log and its code', async () => {
    const found = await unpack(createReadStream(await packed(join(folder, 'missing'), '', -1)), join(folder, 'to'));
    assert.deepEqual(found, { terminalOutput: '', code: -1 });
    assert.deepEqual(await list(join(folder, 'to')), []);
  });

  test('keeps outputs that are called like its own entries', async () => {
    const from = join(folder, 'from');
    await mkdir(from);
    await writeFile(join(from, 'code'), 'an output');
    await writeFile(join(from, 'terminalOutput'), 'another');
    const before = await list(from);
    const found = await unpack(createReadStream(await packed(from, 'log', 2)), join(folder, 'to'));
    assert.deepEqual(found, { terminalOutput: 'log', code: 2 });
    assert.deepEqual(await list(join(folder, 'to')), before);
  });

  test('ends with log and code, as nx writes it for its HTTP cache', async () => {
    const from = join(folder, 'from');
    await mkdir(join(from, 'dist'), { recursive: true });
    await writeFile(join(from, 'dist', 'a'), 'a');
    const bytes = gunzipSync(await readFile(await packed(from)));
    const names = [];
    for (let at = 0; bytes[at];) {
      names.push(bytes.toString('utf8', at, bytes.indexOf(0, at)));
      at += 512 + Math.ceil(parseInt(bytes.toString('utf8', at + 124, at + 135), 8) / 512) * 512;
    }
    assert.deepEqual(names, ['dist/', 'dist/a', 'terminalOutput', 'code']);
  });

  test('of nx itself is read: entries of type NUL with blank fields', async () => {
    // As nx writes log and code: only name, size, magic and sum are set.
    const entry = (name: string, body: Buffer) => {
      const head = Buffer.alloc(512);
      head.write(name);
      head.write(body.length.toString(8).padStart(11, '0'), 124);
      head.write('ustar  \0', 257);
      head.write('        ', 148);
      const sum = head.reduce((total, byte) => total + byte, 0);
      head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return Buffer.concat([head, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
    };
    const archive = Buffer.concat([entry('dist.txt', Buffer.from('x')), entry('terminalOutput', Buffer.from('hi')), entry('code', Buffer.from([0, 0, 1, 0])), Buffer.alloc(1024)]);
    const found = await unpack(Readable.from([gzipSync(archive)]), join(folder, 'to'));
    assert.deepEqual(found, { terminalOutput: 'hi', code: 256 });
    assert.deepEqual(await list(join(folder, 'to')), ['dist.txt - eA==']);
  });
});

test('no path leads out of its folder', () => {
  for (const name of ['../x', 'a/../../x', '/etc/passwd', '..', 'a/..', 'a\0b']) assert.throws(() => parts(name), `${name}`);
  assert.deepEqual(parts('./a//b/./c/'), ['a', 'b', 'c']);
  assert.deepEqual(parts('..a/b..'), ['..a', 'b..']);
});
