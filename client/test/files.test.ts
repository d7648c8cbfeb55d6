// Files of people: what we change in them is what we were asked to change.
import assert from 'node:assert/strict';
import { chmod, link, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { converted } from '../src/commands/convert.ts';
import { rewrite } from '../src/files.ts';
import { forget, keep, logins } from '../src/ini.ts';
import { Workspace } from './support/command.ts';
import { Fake, ID } from './support/server.ts';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'files-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a file that is changed', () => {
  test('behind a link stays there, and the link stays a link', async () => {
    await mkdir(join(folder, 'dotfiles'));
    await writeFile(join(folder, 'dotfiles', 'real'), 'old', { mode: 0o640 });
    await symlink('dotfiles/real', join(folder, 'one'));
    await symlink('one', join(folder, 'two'));
    rewrite(join(folder, 'two'), 'new');
    assert.deepEqual([await readlink(join(folder, 'one')), await readlink(join(folder, 'two'))], ['dotfiles/real', 'one']);
    assert.equal(await readFile(join(folder, 'dotfiles', 'real'), 'utf8'), 'new');
    assert.equal((await stat(join(folder, 'dotfiles', 'real'))).mode & 0o777, 0o640);
    assert.deepEqual(await readdir(join(folder, 'dotfiles')), ['real'], 'nothing is left over');
  });
  test('behind a link to nothing is made where the link points', async () => {
    await symlink('later', join(folder, 'link'));
    rewrite(join(folder, 'link'), 'new', 0o600);
    assert.ok((await lstat(join(folder, 'link'))).isSymbolicLink());
    assert.equal((await stat(join(folder, 'later'))).mode & 0o777, 0o600);
  });
  test('with two names is changed under both', async () => {
    await writeFile(join(folder, 'a'), 'old');
    await link(join(folder, 'a'), join(folder, 'b'));
    rewrite(join(folder, 'a'), 'new');
    assert.equal(await readFile(join(folder, 'b'), 'utf8'), 'new');
  });
  test('keeps its mode, also one that the umask would not give', async () => {
    for (const mode of [0o600, 0o664, 0o755]) {
      await writeFile(join(folder, 'x'), 'old');
      await chmod(join(folder, 'x'), mode);
      rewrite(join(folder, 'x'), 'new');
      assert.equal((await stat(join(folder, 'x'))).mode & 0o777, mode);
    }
  });
  test('keeps its owner', { skip: process.getuid?.() !== 0 }, async () => {
    const { chownSync } = await import('node:fs');
    await writeFile(join(folder, 'x'), 'old');
    chownSync(join(folder, 'x'), 1234, 4321);
    rewrite(join(folder, 'x'), 'new');
    const { uid, gid } = await stat(join(folder, 'x'));
    assert.deepEqual([uid, gid], [1234, 4321]);
  });
});

describe('nx.json that is converted', () => {
  for (const [name, text] of Object.entries({
    'with line ends of Windows': '{\r\n\t"nxCloudAccessToken": "secret",\r\n\t"a": 1\r\n}\r\n',
    'with a mark at its start': '\uFEFF{\n    "nxCloudAccessToken": "secret"\n}',
    'without an end of its last line, with comments': '{ // why\n "nxCloudAccessToken" : "secret", /* x */ }',
  })) {
    test(`${name} changes in nothing else`, () => {
      assert.equal(converted(text, ID), text.replace('nxCloudAccessToken', 'nxCloudId').replace('"secret"', `"${ID}"`));
    });
  }
  test('loses no byte of what is around a token that is taken out', () => {
    const text = '\uFEFF{\r\n  "nxCloudId": "there",\r\n  "nxCloudAccessToken": "secret",\r\n  "a": [1,\r\n2]\r\n}\r\n';
    assert.equal(converted(text, ID), text.replace('\r\n  "nxCloudAccessToken": "secret",', ''));
  });
  test('as a link, or through extends, is changed where it is', async () => {
    const fake = await Fake.start();
    const workspace = await Workspace.create();
    try {
      await rm(join(workspace.folder, 'nx.json'));
      await writeFile(join(workspace.folder, 'real.json'), '{"extends":"./base.json"}');
      await writeFile(join(workspace.folder, 'base.json'), '{"nxCloudAccessToken":"secret"}', { mode: 0o640 });
      await symlink('real.json', join(workspace.folder, 'nx.json'));
      const { code, text } = await workspace.cli(fake, ['convert-to-nx-cloud-id'], { NX_CLOUD_ACCESS_TOKEN: '' });
      assert.equal(code, 0, text);
      assert.ok((await lstat(join(workspace.folder, 'nx.json'))).isSymbolicLink());
      assert.equal(await readFile(join(workspace.folder, 'base.json'), 'utf8'), `{"nxCloudId":"${ID}"}`);
      assert.match(text, /base\.json holds the nxCloudId/);
    } finally {
      await fake.stop();
      await workspace.remove();
    }
  });
});

describe('nxcloud.ini', () => {
  const THEIRS = '; mine, by hand\r\n[https://cloud\\.nx\\.app]\r\n# why\r\npersonalAccessToken = "theirs"\r\nother=1\r\n\r\n[https://b.example.com]\r\npersonalAccessToken=b ; spare\r\n';
  test('keeps all lines of others, also their comments and line ends', async () => {
    const path = join(folder, 'ini');
    await writeFile(path, THEIRS);
    assert.deepEqual([...logins(path)], [['https://cloud.nx.app', 'theirs'], ['https://b.example.com', 'b']]);
    keep('https://ours.example.com', 'ours', path);
    assert.equal(await readFile(path, 'utf8'), `${THEIRS}\r\n[https://ours\\.example\\.com]\r\npersonalAccessToken=ours\r\n`);
    forget('https://ours.example.com', path);
    keep('https://B.example.com/', 'new', path);
    assert.equal((await readFile(path, 'utf8')).trimEnd(), THEIRS.replace('personalAccessToken=b ; spare', 'personalAccessToken=new').trimEnd());
    forget('https://cloud.nx.app', path);
    assert.ok((await readFile(path, 'utf8')).startsWith('; mine, by hand\r\n[https://cloud\\.nx\\.app]\r\n# why\r\nother=1\r\n'));
    assert.deepEqual([...logins(path)], [['https://b.example.com', 'new']]);
  });
  test('that is a link into the files of a person stays one', async () => {
    await writeFile(join(folder, 'real'), '');
    await symlink('real', join(folder, 'ini'));
    keep('https://a', 'one', join(folder, 'ini'));
    assert.ok((await lstat(join(folder, 'ini'))).isSymbolicLink());
    assert.equal((await stat(join(folder, 'real'))).mode & 0o777, 0o600);
  });
  test('knows one server however it is written', () => {
    const path = join(folder, 'ini');
    for (const url of ['https://a.example', 'https://A.example/', 'https://a.example:443']) keep(url, url, path);
    assert.deepEqual([...logins(path)], [['https://a.example', 'https://a.example:443']]);
  });
});
