import assert from 'node:assert/strict';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pipeline } from 'node:stream/promises';
import { decrypt, encrypt, OtherKey, Tampered } from '../src/encryption.ts';
import { Workspace } from './support/command.ts';
import { Fake, ID } from './support/server.ts';

const bound = { nxCloudId: ID, hash: '42' };

describe('encryption', () => {
  let folder: string;
  let sealed: Buffer;
  let count = 0;
  const text = Buffer.from('the archive '.repeat(1000));

  async function seal(content: Buffer, key = 'a key'): Promise<Buffer> {
    const [from, to] = [join(folder, `from${count += 1}`), join(folder, `to${count}`)];
    await writeFile(from, content);
    await pipeline(createReadStream(from), encrypt(key, bound), createWriteStream(to));
    return readFile(to);
  }
  async function open(content: Buffer, key = 'a key', to = bound): Promise<Buffer> {
    const [from, out] = [join(folder, `sealed${count += 1}`), join(folder, `open${count}`)];
    await writeFile(from, content);
    await decrypt(from, out, key, to);
    return readFile(out);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'encryption-'));
    sealed = await seal(text);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('opens with its key', async () => {
    assert.deepEqual(await open(sealed), text);
    assert.equal(sealed.length, 56 + text.length + 16);
    assert.equal(sealed.toString('latin1', 0, 4), 'BKE1');
    assert.ok(!sealed.includes('archive'));
  });
  test('of nothing opens', async () => assert.equal((await open(await seal(Buffer.alloc(0)))).length, 0));
  test('differs each time', async () => assert.notDeepEqual((await seal(text)).subarray(12), sealed.subarray(12)));
  test('with another key is known as such', () => assert.rejects(open(sealed, 'another'), OtherKey));
  test('of another hash does not open', () => assert.rejects(open(sealed, 'a key', { ...bound, hash: '43' }), Tampered));
  test('of another workspace does not open', () => assert.rejects(open(sealed, 'a key', { ...bound, nxCloudId: 'f'.repeat(24) }), Tampered));
  test('knows id and hash apart', () => assert.rejects(open(sealed, 'a key', { nxCloudId: `${ID}4`, hash: '2' }), Tampered));
  for (const [region, at] of [['magic', 1], ['salt', 20], ['nonce', 50], ['start', 56], ['middle', 3000], ['tag', 56 + text.length + 3]] as const) {
    test(`altered in its ${region} does not open`, async () => {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] as number) ^ 1;
      await assert.rejects(open(altered), Tampered);
    });
  }
  test('altered in its key id counts as of another key', async () => {
    const altered = Buffer.from(sealed);
    altered[5] = (altered[5] as number) ^ 1;
    await assert.rejects(open(altered), OtherKey);
  });
  for (const length of [0, 10, 71, 72, 500]) {
    test(`cut to ${length} bytes does not open`, () => assert.rejects(open(sealed.subarray(0, length)), Tampered));
  }
});

describe('encryption in a build', () => {
  let fake: Fake;
  let workspace: Workspace;
  before(async () => {
    fake = await Fake.start();
    workspace = await Workspace.create();
  });
  after(async () => {
    await fake.stop();
    await workspace.remove();
  });
  const build = async (key?: string) => {
    await workspace.forget();
    return workspace.nx(fake, { tasks: 1, env: key ? { NX_CLOUD_ENCRYPTION_KEY: key } : {} });
  };

  test('stores nothing in clear, and fetches it with the key', async () => {
    assert.match((await build('one')).text, /1 stored/);
    const [artifact] = fake.artifacts.values();
    assert.equal(artifact?.format, 'encrypted');
    assert.equal([...fake.runs.values()][0]?.start.encrypted, true);
    const second = await build('one');
    assert.deepEqual(second.results, { 'p0:build': 'remote-cache' }, second.text);
    assert.equal(await workspace.output(0), 'result of p0:build');
  });
  test('with another key is a miss with a warning', async () => {
    const other = await build('two');
    assert.equal(other.code, 0);
    assert.deepEqual(other.results, { 'p0:build': 'success' });
    assert.match(other.text, /encrypted with another key/);
  });
  test('without a key is a miss with a warning', async () => {
    const none = await build();
    assert.deepEqual(none.results, { 'p0:build': 'success' });
    assert.match(none.text, /they are encrypted/);
  });
  test('takes nothing that is not encrypted, once there is a key', async () => {
    fake.artifacts.clear();
    await build();
    const keyed = await build('one');
    assert.deepEqual(keyed.results, { 'p0:build': 'success' });
    assert.match(keyed.text, /not encrypted were not used/);
  });
  test('of an artifact that was moved to another hash is a miss', async () => {
    fake.artifacts.clear();
    await workspace.forget();
    await workspace.nx(fake, { tasks: 2, env: { NX_CLOUD_ENCRYPTION_KEY: 'one' } });
    const [first, second] = ['1000', '1001'].map((hash) => fake.artifacts.get(hash)) as any[];
    fake.artifacts.set('1000', second).set('1001', first);
    await workspace.forget();
    const moved = await workspace.nx(fake, { tasks: 2, env: { NX_CLOUD_ENCRYPTION_KEY: 'one' } });
    assert.deepEqual(moved.results, { 'p0:build': 'success', 'p1:build': 'success' });
    assert.match(moved.text, /damaged or altered/);
  });
});
