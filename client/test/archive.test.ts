import assert from 'node:assert/strict';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import { BadArchive, packInto, parts, unpack } from '../src/archive.ts';
import { bordersOf } from '../src/borders.ts';

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
    else lines.push(`${at} ${(seen.mode & 0o777).toString(8)} ${(await readFile(join(root, at))).toString('base64').slice(0, 40)}`);
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
    await symlink('gone', join(from, 'dist', 'dangling'));
    await symlink('empty', join(from, 'dist', 'folder-link'));
    const before = await list(from);
    const found = await unpack(createReadStream(await packed(from, 'said äöü\u001b[1m\n', 3)), join(folder, 'to'));
    assert.deepEqual(found, { terminalOutput: 'said äöü\u001b[1m\n', code: 3 });
    assert.deepEqual(await list(join(folder, 'to')), before);
  });

  test("keeps who may read, write and run a file, as nx's own cache does", async () => {
    const from = join(folder, 'from');
    await mkdir(join(from, 'dist'), { recursive: true });
    const MODES = [0o600, 0o400, 0o440, 0o500, 0o640, 0o644, 0o664, 0o666, 0o700, 0o755, 0o777];
    for (const mode of MODES) {
      await writeFile(join(from, 'dist', mode.toString(8)), 'x');
      await chmod(join(from, 'dist', mode.toString(8)), mode);
    }
    await writeFile(join(from, 'dist', 'setuid'), 'x');
    await chmod(join(from, 'dist', 'setuid'), 0o4755);
    await writeFile(join(from, 'code'), 'private');
    await chmod(join(from, 'code'), 0o600);
    const before = process.umask(0o077);
    try {
      await unpack(createReadStream(await packed(from)), join(folder, 'to'));
    } finally {
      process.umask(before);
    }
    assert.deepEqual((await list(join(folder, 'to'))).filter((line) => !line.includes('setuid')), (await list(from)).filter((line) => !line.includes('setuid')));
    assert.equal((await lstat(join(folder, 'to', 'dist', 'setuid'))).mode & 0o7777, 0o755, 'nobody runs as somebody else');
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
    // As nx writes log and code: only name, size, magic and sum are set. Files have their mode, too.
    const entry = (name: string, body: Buffer) => {
      const head = Buffer.alloc(512);
      head.write(name);
      if (!['terminalOutput', 'code'].includes(name)) head.write('0000644', 100);
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
    assert.deepEqual(await list(join(folder, 'to')), ['dist.txt 644 eA==']);
  });
});

test('no path leads out of its folder', () => {
  for (const name of ['../x', 'a/../../x', '/etc/passwd', '..', 'a/..', 'a\0b']) assert.throws(() => parts(name), `${name}`);
  assert.deepEqual(parts('./a//b/./c/'), ['a', 'b', 'c']);
  assert.deepEqual(parts('..a/b..'), ['..a', 'b..']);
});

describe('borders', () => {
  const within = bordersOf(['dist', 'libs/a/out/**/*.js', '!dist/private', './build/./x/', 'coverage/[slug]/y']);
  const at = (path: string) => path.split('/');
  test('are the declared outputs', () => {
    for (const path of ['dist', 'dist/a/b', 'libs/a/out', 'libs/a/out/x.css', 'build/x/y', 'coverage/anything']) assert.ok(within.mayHold(at(path), false), path);
    for (const path of ['dis', 'distance/x', 'src/a', 'libs/a', 'libs/a/x', 'build/y', 'Dist/a', 'nx.json']) assert.ok(!within.mayHold(at(path), false), path);
    for (const path of ['libs', 'libs/a', 'build']) assert.ok(within.mayHold(at(path), true), `${path} holds an output`);
    assert.ok(!within.mayHold(['src'], true));
    assert.ok(!bordersOf([]).mayHold(['dist'], false), 'without outputs nothing is restored');
    assert.ok(bordersOf(undefined).mayHold(['any'], false), 'unknown outputs are the workspace');
    assert.ok(bordersOf(['{options.outputPath}']).mayHold(['any'], false));
  });
  test('hold links, too', () => {
    const LINKS: [string, string, boolean][] = [
      ['dist/a', 'b', true], ['dist/a', './b/c', true], ['dist/x/a', '../b', true], ['dist/x/y/a', '../../b', true], ['dist/a', 'gone', true],
      ['dist/a', '../src', false], ['dist/a', '/etc/passwd', false], ['dist/a', '../../x', false], ['dist/a', '', false], ['dist/a', 'b\0', false],
      ['dist/a', 'b/../../../..', false], ['dist/a', 'b/../c', false], ['dist/a', '../dist/b', true], ['dist/a', '../Dist/b', false],
      ['dist', 'elsewhere', false], ['src/a', 'b', false],
    ];
    for (const [path, target, may] of LINKS) assert.equal(within.mayLink(at(path), target), may, `${path} -> ${target}`);
    assert.ok(bordersOf(undefined).mayLink(['a'], 'b') && !bordersOf(undefined).mayLink(['a'], '../b'));
  });
  test('are looked at before a result is sent, too', async () => {
    const from = join(folder, 'from');
    await mkdir(join(from, 'dist'), { recursive: true });
    await symlink('/etc/hostname', join(from, 'dist', 'l'));
    await assert.rejects(packInto({ folder: from, terminalOutput: '', code: 0, borders: bordersOf(['dist']) }, createWriteStream(join(folder, 'x'))), BadArchive);
  });
});
