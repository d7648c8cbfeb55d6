// An unmodified nx with the client that it downloads from a real server: tokens, levels, scopes, encryption, and a server that dies.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { install } from './lib/install.mjs';
import { Machine } from './lib/machine.mjs';
import { Server, workspaceOf } from './lib/server.mjs';
import { majors, versions } from './lib/versions.mjs';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

for (const major of majors) {
  const version = versions[major];

  describe(`nx ${version} with the client`, { timeout: 900_000 }, () => {
    let folder, data, server, place, workspace, writer, reader, a, b;
    const env = (token, more = {}) => ({ ...(token ? { NX_CLOUD_ACCESS_TOKEN: token } : {}), NX_CLOUD_API: server.url, ...more });
    const build = (machine, token, more) => machine.build({ env: env(token, more) });
    // nx 17 copies what a link points to.
    const outputs = async (machine) => (await machine.outputs()).filter((line) => major !== '17' || !line.includes('latest.txt'));
    const statuses = ({ tasks }) => Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, task.cacheStatus]));
    const HITS = { app: 'remote-cache-hit', big: 'remote-cache-hit', notes: 'remote-cache-hit' };

    /** The same nx.json everywhere: it is part of every hash. */
    async function machine(name) {
      const made = await Machine.create(join(folder, name), version, place);
      await made.configure({ nxCloudId: workspace.nxCloudId, nxCloudUrl: server.url });
      await made.commit();
      return made;
    }

    before(async () => {
      place = await install(version);
      folder = await mkdtemp(join(tmpdir(), `nx${major}-client-`));
      data = join(folder, 'data');
      workspace = await workspaceOf(data);
      writer = await workspace.token('main', 'read-write');
      reader = await workspace.token('pull requests', 'read-only');
      server = await Server.start(data);
      [a, b] = [await machine('a'), await machine('b')];
    });
    after(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('stores with a read-write token, and another machine fetches with a read-only one', async () => {
      const first = await build(a, writer.token);
      assert.equal(first.code, 0, first.text);
      assert.match(first.text, /Acme\/shop: CI access token "main" .* reads and writes the shared cache\. 0 fetched, 3 stored\./);
      const second = await build(b, reader.token);
      assert.equal(second.code, 0, second.text);
      assert.deepEqual(statuses(second), HITS, second.text);
      assert.match(second.text, /"pull requests" .* reads the shared cache/);
      assert.deepEqual(await outputs(b), await outputs(a));
      const said = /notes built .*/.exec(first.text)?.[0];
      assert.ok(said && second.text.includes(said), second.text);
      assert.ok(!(first.text + second.text).includes(writer.token) && !second.text.includes(reader.token));
    });

    it('keeps what a read-only token makes within its execution', async () => {
      await b.edit('notes', 'only here');
      const run = (id, key) => build(b, reader.token, { NX_CI_EXECUTION_ID: id, ...(key ? { NX_CLOUD_EXECUTION_KEY: key } : {}) });
      await b.forget();
      const made = await run('1', 'secret of one');
      assert.equal(made.code, 0, made.text);
      assert.deepEqual(statuses(made), { ...HITS, app: 'cache-miss', notes: 'cache-miss' });
      assert.match(made.text, /2 stored/);
      await b.forget();
      assert.deepEqual(statuses(await run('1', 'secret of one')), HITS);
      // The number of the execution is known to everyone; its secret is not.
      for (const [id, key] of [['1', 'a guess'], ['1', undefined], ['2', 'secret of one']]) {
        await b.forget();
        assert.equal(statuses(await run(id, key)).notes, 'cache-miss');
      }
      await a.edit('notes', 'only here');
      await a.forget();
      assert.equal(statuses(await build(a, writer.token)).notes, 'cache-miss');
    });

    it('reads with the nxCloudId alone', async () => {
      await b.forget();
      const alone = await build(b, undefined);
      assert.equal(alone.code, 0, alone.text);
      if (Number(major) < 19) return assert.doesNotMatch(alone.text, /Buildkeep:/);
      assert.deepEqual(statuses(alone), HITS, alone.text);
      assert.match(alone.text, /the Nx Cloud id alone/);
    });

    it('takes the environment before files', async () => {
      const file = join(b.workspace, 'nx-cloud.env');
      await writeFile(file, 'NX_CLOUD_ACCESS_TOKEN=bkci_nonsense\n');
      try {
        await b.forget();
        assert.deepEqual(statuses(await build(b, reader.token)), HITS);
        if (Number(major) < 19) return;
        await b.forget();
        const wrong = await build(b, undefined);
        assert.equal(wrong.code, 0, wrong.text);
        assert.match(wrong.text, /no remote cache for this command: This access token is unknown/);
      } finally {
        await rm(file);
      }
    });

    it('encrypts, and with another key builds anew with a warning', async () => {
      const key = (value) => ({ NX_CLOUD_ENCRYPTION_KEY: value });
      for (const one of [a, b]) {
        await one.edit('big', 'to be encrypted');
        await one.edit('notes', 'to be encrypted');
        await one.forget();
      }
      assert.match((await build(a, writer.token, key('first'))).text, /3 stored/);
      assert.deepEqual(statuses(await build(b, reader.token, key('first'))), HITS);
      await b.forget();
      const other = await build(b, reader.token, key('second'));
      assert.equal(other.code, 0, other.text);
      assert.ok(!Object.values(statuses(other)).includes('remote-cache-hit'));
      // From 20.8 on the key is part of the hash, and there is nothing to warn of.
      if (Number(major) < 20) assert.match(other.text, /encrypted with another key/);
    });

    it('goes on without a server that dies while it builds', async () => {
      const meeting = join(folder, 'meeting');
      await a.edit('notes', 'the server will be gone');
      await a.forget();
      const building = build(a, writer.token, { MEETING: meeting });
      while ((await readdir(meeting).catch(() => [])).length === 0) await sleep(20);
      await server.kill();
      await writeFile(join(meeting, 'go on'), '');
      const { code, text, tasks } = await building;
      assert.equal(code, 0, text);
      assert.equal(Object.values(tasks).every(({ status }) => status === 0), true);
      assert.match(text, /Buildkeep: .*(refused|cut)/);
      const dead = await build(a, writer.token);
      assert.equal(dead.code, 0, dead.text);
      assert.match(dead.text, /no remote cache for this command: .*refused/);
      server = await Server.start(data, { port: server.port });
      await rm(meeting, { recursive: true });
      await mkdir(meeting);
    });

    it('goes on without a token that was revoked', async () => {
      await workspace.revoke(reader.id);
      await b.forget();
      const { code, text } = await build(b, reader.token);
      assert.equal(code, 0, text);
      assert.match(text, /no remote cache for this command: This access token is .*revoked/);
    });
  });
}
