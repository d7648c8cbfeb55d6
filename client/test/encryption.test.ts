import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pipeline } from 'node:stream/promises';
import { decrypt, encrypt, OtherKey, Tampered } from '../src/encryption.ts';
import { Workspace } from './support/command.ts';
import { Fake, ID } from './support/server.ts';

const OLD = 'QktFMU/N7FSQ09V3OSljCtlS3LXEwDt7MLbEocTqFWc69qw9m1TctaowZufno3O8Nzz3jN57zLeHjCGWvv/XM/73Yj3tZbAo6ea0xKgdeSK57BK+gsKq';
const bound = { nxCloudId: ID, hash: '42' };

describe('encryption', () => {
  let folder: string;
  let sealed: Buffer;
  let count = 0;
  const text = Buffer.from('the archive '.repeat(1000));

  async function seal(content: Buffer, key = 'a key'): Promise<Buffer> {
    const [from, to] = [join(folder, `from${count += 1}`), join(folder, `to${count}`)];
    await writeFile(from, content);
    await pipeline(createReadStream(from), await encrypt(key, bound), createWriteStream(to));
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
    assert.equal(sealed.toString('latin1', 0, 4), 'BKE2');
    assert.ok(!sealed.includes('archive'));
  });
  test('of nothing opens', async () => assert.equal((await open(await seal(Buffer.alloc(0)))).length, 0));
  test('differs each time', async () => assert.notDeepEqual((await seal(text)).subarray(12), sealed.subarray(12)));
  test('with another key is known as such', () => assert.rejects(open(sealed, 'another'), OtherKey));
  test('of another hash does not open', () => assert.rejects(open(sealed, 'a key', { ...bound, hash: '43' }), Tampered));
  // Its keys are those of the workspace: what is of another one has another key.
  test('of another workspace does not open', () => assert.rejects(open(sealed, 'a key', { ...bound, nxCloudId: 'f'.repeat(24) }), OtherKey));
  test('knows id and hash apart', () => assert.rejects(open(sealed, 'a key', { nxCloudId: `${ID}4`, hash: '2' }), OtherKey));
  test('altered in its salt counts as of another key', async () => {
    const altered = Buffer.from(sealed);
    altered[20] = (altered[20] as number) ^ 1;
    await assert.rejects(open(altered), OtherKey);
  });
  test('has a key id of its own, so that nothing tells which artifacts have one key', async () => {
    assert.notDeepEqual((await seal(text)).subarray(4, 12), sealed.subarray(4, 12));
  });
  test('does not give its key away to quick guesses: the id is stretched', async () => {
    const salt = sealed.subarray(12, 44);
    for (const quick of [hkdfSync('sha256', 'a key', '', 'buildkeep key id', 8), hkdfSync('sha256', 'a key', salt, 'buildkeep key id', 8)]) {
      assert.notDeepEqual(Buffer.from(quick), sealed.subarray(4, 12));
    }
  });
  describe('of the old format, as it lies on servers', () => {
    // Written by the client of November 2026: key "a key", this workspace, hash 42.
    const old = Buffer.from(OLD, 'base64');
    test('opens', async () => assert.equal((await open(old)).toString(), 'the old archive'));
    test('with another key is known as such', () => assert.rejects(open(old, 'another'), OtherKey));
    test('of another workspace does not open', () => assert.rejects(open(old, 'a key', { ...bound, nxCloudId: 'f'.repeat(24) }), Tampered));
    test('of another hash does not open', () => assert.rejects(open(old, 'a key', { ...bound, hash: '43' }), Tampered));
    test('knows id and hash apart', () => assert.rejects(open(old, 'a key', { nxCloudId: `${ID}4`, hash: '2' }), Tampered));
    test('altered does not open', async () => {
      for (const at of [20, 50, 60, old.length - 1]) {
        const altered = Buffer.from(old);
        altered[at] = (altered[at] as number) ^ 1;
        await assert.rejects(open(altered), Tampered);
      }
    });
    test('does not become one by its name', async () => {
      for (const [content, name] of [[old, 'BKE2'], [sealed, 'BKE1']] as const) {
        await assert.rejects(open(Buffer.concat([Buffer.from(name), content.subarray(4)])));
      }
    });
  });
  for (const [region, at] of [['magic', 1], ['nonce', 50], ['start', 56], ['middle', 3000], ['tag', 56 + text.length + 3]] as const) {
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
