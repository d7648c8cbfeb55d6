// An unmodified nx from npm against a real server: two machines, two tokens, an outage and a revoked token.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { firstComplaint, remember, row } from './lib/facts.mjs';
import { install } from './lib/install.mjs';
import { BIG, Machine, PROJECTS } from './lib/machine.mjs';
import { Server, workspaceOf } from './lib/server.mjs';

const versions = JSON.parse(await readFile(new URL('versions.json', import.meta.url), 'utf8'));
const majors = process.env.NX_MAJORS?.split(' ').filter(Boolean) ?? Object.keys(versions);
const WAYS_OUT = {
  NX_DISABLE_REMOTE_CACHE: { env: { NX_DISABLE_REMOTE_CACHE: 'true' } },
  '--skipRemoteCache': { args: ['--skipRemoteCache'] },
  '--skip-nx-cache': { args: ['--skip-nx-cache'] },
};

const statuses = (run) => Object.fromEntries(PROJECTS.map((name) => [name, run.tasks[name]?.cacheStatus]));
const all = (status) => Object.fromEntries(PROJECTS.map((name) => [name, status]));

/** Waits until one build has come to the meeting place. */
async function met(place) {
  while ((await readdir(place).catch(() => [])).length === 0) await new Promise((done) => setTimeout(done, 20));
}

function succeeded(run) {
  assert.equal(run.code, 0, `nx failed:\n${run.text}`);
  return run;
}

for (const major of majors) {
  const version = versions[major];
  if (!version) throw new Error(`versions.json names no nx ${major}: add the version that should be tested.`);

  describe(`nx ${version}`, { timeout: 900_000 }, () => {
    let folder, server, workspace, writer, reader, a, b, first, changed;
    const facts = { version };
    let broken;
    // One step builds on the other: after the first failure the rest would only repeat it.
    const test = (name, act) => it(name, async (t) => {
      if (broken) return t.skip(`after "${broken}" failed`);
      broken = name;
      await act();
      broken = undefined;
    });
    const asWriter = () => ({ url: server.url, token: writer.token });
    const asReader = () => ({ url: server.url, token: reader.token });
    const allHits = async (machine, access) => {
      await machine.forget();
      assert.deepEqual(statuses(succeeded(await machine.build(access))), all('remote-cache-hit'));
    };

    before(async () => {
      const place = await install(version);
      folder = await mkdtemp(join(tmpdir(), `nx${major}-`));
      server = await Server.start(join(folder, 'data'));
      workspace = await workspaceOf(server.data);
      writer = await workspace.token('writer', 'read-write');
      reader = await workspace.token('reader', 'read-only');
      a = await Machine.create(join(folder, 'a'), version, place);
      b = await Machine.create(join(folder, 'b'), version, place);
    });

    after(async () => {
      await server?.stop();
      if (broken) console.error(`nx ${version}: what was left behind is in ${folder}; the server said:\n${server?.log}`);
      else if (folder) await rm(folder, { recursive: true, force: true });
    });

    test('machine A builds and stores every task', async () => {
      first = succeeded(await a.build(asWriter()));
      assert.deepEqual(statuses(first), all('cache-miss'));
      for (const { hash } of Object.values(first.tasks)) {
        const answer = await server.artifact(hash, writer.token);
        assert.equal(answer.status, 200);
        assert.equal(answer.body.readUInt16BE(0), 0x1f8b, 'an artifact is a gzip archive');
      }
      const { body } = await server.artifact(first.tasks.big.hash, writer.token);
      assert.ok(body.length > 30 * 1024 * 1024, 'the big artifact is over 30 MB');
      assert.ok(body.length >= BIG, 'random bytes do not compress');
    });

    test('machine B with a read-only token gets all hits, with the same outputs and terminal output', async () => {
      const second = succeeded(await b.build(asReader()));
      assert.deepEqual(statuses(second), all('remote-cache-hit'));
      assert.equal(second.text.match(/\[remote cache\]/g)?.length, PROJECTS.length, second.text);
      for (const name of PROJECTS) {
        assert.equal(second.tasks[name].hash, first.tasks[name].hash);
        assert.match(first.tasks[name].said, new RegExp(`${name} built`));
        assert.equal(second.tasks[name].said, first.tasks[name].said);
      }
      const [made, moved] = [await a.outputs(), await b.outputs()];
      const link = (lines) => lines.find((line) => line.startsWith('notes/dist/latest.txt'));
      assert.equal(link(made), 'notes/dist/latest.txt -> notes.txt');
      facts.symlink = link(moved) === link(made) ? 'link' : 'copy of the target';
      const text = made.find((line) => line.startsWith('notes/dist/notes.txt')).replace('notes.txt', 'latest.txt');
      const expected = major === '20' ? made.map((line) => (line === link(made) ? text : line)) : made;
      assert.deepEqual(moved, expected);
    });

    test('machine B builds a changed source by itself and cannot store it', async () => {
      await b.edit('notes', 'changed on B\n');
      changed = succeeded(await b.build(asReader()));
      assert.equal(changed.tasks.notes.cacheStatus, 'cache-miss');
      assert.equal(changed.tasks.app.cacheStatus, 'cache-miss');
      assert.equal(changed.tasks.big.hash, first.tasks.big.hash);
      facts.readOnly = `exit ${changed.code}, silent`;
      assert.doesNotMatch(changed.text, /forbidden|misconfigured|unauthorized|remote cache/i);
      for (const name of ['notes', 'app']) {
        assert.notEqual(changed.tasks[name].hash, first.tasks[name].hash);
        assert.equal((await server.artifact(changed.tasks[name].hash, writer.token)).status, 404);
      }
    });

    test('machine A with the same change misses, builds and stores', async () => {
      await a.edit('notes', 'changed on B\n');
      const run = succeeded(await a.build(asWriter()));
      for (const name of ['notes', 'app']) {
        assert.equal(run.tasks[name].hash, changed.tasks[name].hash);
        assert.equal(run.tasks[name].cacheStatus, 'cache-miss');
        assert.notEqual(run.tasks[name].said, changed.tasks[name].said);
        assert.equal((await server.artifact(run.tasks[name].hash, reader.token)).status, 200);
      }
      await allHits(b, asReader());
    });

    test('two machines that write the same task at the same moment both succeed, and one result is kept', async () => {
      const env = { MEETING: join(folder, 'meeting') };
      for (const machine of [a, b]) await machine.edit('notes', 'changed on both\n');
      const runs = await Promise.all([a, b].map((machine) => machine.build({ ...asWriter(), env })));
      for (const run of runs) assert.equal(succeeded(run).tasks.notes.cacheStatus, 'cache-miss');
      const [made, other] = runs.map((run) => run.tasks.notes);
      assert.equal(made.hash, other.hash);
      assert.notEqual(made.said, other.said);
      await b.forget();
      const { notes } = succeeded(await b.build(asReader())).tasks;
      assert.equal(notes.cacheStatus, 'remote-cache-hit');
      assert.ok([made.said, other.said].includes(notes.said));
    });

    test('a server address with a trailing slash works', async () => {
      await allHits(b, { ...asReader(), url: `${server.url}/` });
      facts.trailingSlash = 'hits';
    });

    test('a dead server: what nx does, and the ways out', async () => {
      await server.stop();
      await b.forget();
      const run = await b.build(asReader());
      assert.equal(run.code, 1, run.text);
      assert.match(run.text, /Failed to send request/);
      assert.deepEqual(await b.outputs(), []);
      facts.deadServer = `exit ${run.code}: ${firstComplaint(run.text, server.url)}`;
      const ways = [];
      for (const [name, way] of Object.entries(WAYS_OUT)) {
        await b.forget();
        const out = succeeded(await b.build({ ...asReader(), ...way }));
        assert.match(await readFile(join(b.workspace, 'app/dist/app.txt'), 'utf8'), /changed on both/, out.text);
        ways.push(`\`${name}\``);
      }
      facts.waysOut = ways.join(', ');
    });

    test('a server that dies during a build: what nx does', async () => {
      server = await Server.start(server.data, { port: server.port });
      await allHits(b, asReader());
      await b.edit('notes', 'changed once more\n');
      const env = { MEETING: join(folder, 'second meeting') };
      const build = b.build({ ...asWriter(), env });
      await met(env.MEETING);
      await server.stop();
      await writeFile(join(env.MEETING, 'the test'), '');
      const run = await build;
      assert.ok([1, 130].includes(run.code), `exit ${run.code}:\n${run.text}`);
      assert.match(run.text, /Failed to send request/);
      assert.ok((await b.outputs()).some((line) => line.startsWith('notes/dist/id.txt')), 'the finished task keeps its outputs');
      assert.doesNotMatch(run.text, /app built/, 'what depends on it is skipped');
      facts.diesInBuild = `exit ${run.code}, dependents skipped`;
    });

    test('after the server comes back everything is a hit again', async () => {
      server = await Server.start(server.data, { port: server.port });
      await b.edit('notes', 'changed on both\n');
      await allHits(b, asReader());
      facts.afterRestart = 'hits';
    });

    test('a revoked token is refused at once', async () => {
      await workspace.revoke(reader.id);
      const end = Date.now() + 1000;
      let answer;
      do answer = await server.artifact(first.tasks.notes.hash, reader.token);
      while (answer.status !== 401 && Date.now() < end);
      assert.equal(answer.status, 401, 'a revoked token must be refused within one second');
      assert.equal(answer.type, 'text/plain');
      await b.forget();
      const run = await b.build(asReader());
      assert.equal(run.code, 1, run.text);
      assert.match(run.text, /Unauthorized: /);
      assert.ok(!run.text.includes(reader.token), 'nx does not print the token');
      const sentence = answer.body.toString();
      assert.ok(run.text.includes(sentence), 'nx shows what the server says');
      facts.revokedToken = `exit ${run.code}: ${firstComplaint(run.text, server.url).replace(sentence, '<what the server says>')}`;
      await allHits(a, asWriter());
    });

    test('README.md says what was just seen', async () => {
      await remember(facts);
      const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
      assert.ok(readme.includes(row(facts)), `README.md is out of date: run \`node end2end/nx/facts.mjs\` and look at the change. Now seen:\n${row(facts)}`);
    });
  });
}
