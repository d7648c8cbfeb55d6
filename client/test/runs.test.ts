// What the server learns of a command, while it runs and when it is stopped.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Api } from '../src/api.ts';
import { hiding } from '../src/hide.ts';
import type { Task } from '../src/nx.ts';
import { Recorder } from '../src/recorder.ts';
import { left } from '../src/terminal_outputs.ts';
import { dependencies, ended, hashDetails, isCacheable } from '../src/tasks.ts';
import { bundle, TOKEN, Workspace } from './support/command.ts';
import { Fake } from './support/server.ts';

let fake: Fake;
let workspace: Workspace;
beforeEach(async () => {
  fake = await Fake.start('/with/a/path');
  workspace = await Workspace.create();
});
afterEach(async () => {
  await fake.stop();
  await workspace.remove();
});

const task = (number: number, more: Partial<Task> = {}): Task => ({ id: `p${number}:build`, target: { project: `p${number}`, target: 'build' }, hash: String(number), cache: true, ...more });
const until = async (true_: () => boolean, seconds = 10) => {
  for (const end = Date.now() + seconds * 1000; !true_() && Date.now() < end;) await new Promise((done) => setTimeout(done, 20));
  assert.ok(true_());
};
const run = () => [...fake.runs.values()][0]!;
const tasks = () => run().reports.flatMap((report: any) => report.tasks);
const logOf = (number: number, attempt = 1) => run().reports.flatMap((report: any) => report.logs)
  .filter((one: any) => one.task === number && one.attempt === attempt).map((one: any) => one.text).join('');

function recorder(logs = true, more: Partial<ConstructorParameters<typeof Recorder>[3]> = {}): Recorder {
  const start = { key: 'a'.repeat(64), command: 'nx build', started_at: new Date().toISOString(), nx_version: '1', client_version: '1', node_version: '1', machine: { id: 'm', platform: 'linux', cpu_cores: 1 }, cache: true, tasks: 2 };
  return new Recorder(new Api({ url: fake.url, version: '1', token: TOKEN }), start.key, Promise.resolve(start), {
    numbers: new Map([['p0:build', 0], ['p1:build', 1]]), dependencies: (id) => (id === 'p1:build' ? ['p0:build'] : []),
    cacheable: () => true, miss: () => 'no_entry', stored: (hash) => (hash === '0' ? 'execution' : undefined), logs, hide: hiding(), ...more,
  });
}

describe('a recorder', () => {
  test('tells of tasks while they run, with their output', async () => {
    const one = recorder();
    await one.started;
    one.startTasks([task(0)]);
    one.appendTaskOutput('p0:build', 'first ');
    await until(() => run().reports.length > 0);
    assert.deepEqual(tasks().map(({ id, status, attempt, depends_on }: any) => [id, status, attempt, depends_on]), [['p0:build', 'running', 1, []]]);
    assert.equal(logOf(0), 'first ');
    one.endTasks([{ task: task(0), status: 'success', code: 0, terminalOutput: 'first second' }]);
    await one.end('success', 0, false);
    assert.equal(logOf(0), 'first second');
    const last = tasks().at(-1);
    assert.deepEqual([last.status, last.cache, last.miss, last.stored, last.code], ['success', 'miss', 'no_entry', 'execution', 0]);
    assert.ok(last.ended_at >= last.started_at);
    assert.equal(run().end.status, 'success');
  });

  test('numbers attempts at one task', async () => {
    const one = recorder();
    for (const [status, code] of [['failure', 1], ['success', 0]] as const) {
      one.startTasks([task(1)]);
      one.endTasks([{ task: task(1), status, code, terminalOutput: status }]);
    }
    await one.end('success', 0, false);
    assert.deepEqual(tasks().map(({ attempt, status, depends_on }: any) => [attempt, status, depends_on]), [[1, 'failure', [0]], [2, 'success', [0]]]);
    assert.deepEqual([logOf(1, 1), logOf(1, 2)], ['failure', 'success']);
  });

  test('takes what is printed when the end says nothing', async () => {
    const one = recorder();
    one.startTasks([task(0)]);
    one.printTaskTerminalOutput(task(0), 'success', 'printed');
    one.endTasks([{ task: task(0), status: 'success', code: 0 }]);
    await one.end('success', 0, false);
    assert.equal(logOf(0), 'printed');
  });

  describe('of output that nx hands to nobody', () => {
    const folder = () => join(workspace.folder, 'cache');
    const write = (hash: string, text: string, ageMs = 0) => {
      mkdirSync(join(folder(), 'terminalOutputs'), { recursive: true });
      const file = join(folder(), 'terminalOutputs', hash);
      writeFileSync(file, text);
      const time = (Date.now() - ageMs) / 1000;
      utimesSync(file, time, time);
    };
    const looking = (more = {}) => recorder(true, { left: (hash) => left([folder()], hash), ...more });
    const serve = task(0, { continuous: true, cache: false });

    test('takes what lies in its cache folder when a continuous task fails', async () => {
      const one = looking();
      one.startTasks([serve]);
      write('0', 'listening… no, broke\n');
      one.endTasks([{ task: serve, status: 'failure', code: 5 }]);
      await one.end('failure', 0, false);
      assert.equal(logOf(0), 'listening… no, broke\n');
      assert.deepEqual([tasks().at(-1).status, tasks().at(-1).code], ['failure', 5]);
    });
    test('also when it is written after the end, or no end is told', async () => {
      const one = looking();
      one.startTasks([serve, task(1, { continuous: true })]);
      one.endTasks([{ task: serve, status: 'failure', code: 5, terminalOutput: '' }]);
      write('0', 'late');
      write('1', 'never ended');
      await one.end('failure', 0, false);
      assert.deepEqual([logOf(0), logOf(1)], ['late', 'never ended']);
    });
    test('not of an earlier run, nor twice, nor when logs stay here', async () => {
      write('0', 'of yesterday', 86_400_000);
      const one = looking();
      one.startTasks([serve, task(1)]);
      write('1', 'said live');
      one.appendTaskOutput('p1:build', 'said live');
      one.endTasks([{ task: serve, status: 'failure', code: 5 }, { task: task(1), status: 'success', code: 0 }]);
      await one.end('failure', 0, false);
      assert.deepEqual([logOf(0), logOf(1)], ['', 'said live']);
      fake.runs.clear();
      write('0', 'secret');
      const quiet = recorder(false, { left: (hash) => left([folder()], hash) });
      quiet.startTasks([serve]);
      quiet.endTasks([{ task: serve, status: 'failure', code: 5 }]);
      await quiet.end('failure', 0, false);
      assert.ok(!JSON.stringify(run()).includes('secret'));
    });
    test('tells a failure that nx has kept from one that it has run', async () => {
      for (const [ageMs, keepsFailures, cache] of [[60_000, true, 'local_hit'], [0, true, 'miss'], [60_000, false, 'miss']] as const) {
        fake.runs.clear();
        const one = looking({ keepsFailures });
        const failed = task(0, { startTime: Date.now() - 1 });
        write('0', 'broke', ageMs);
        one.startTasks([failed]);
        one.endTasks([{ task: failed, status: 'failure', code: 1, terminalOutput: 'broke' }]);
        await one.end('failure', 0, false);
        assert.deepEqual([tasks().at(-1).status, tasks().at(-1).cache, logOf(0)], ['failure', cache, 'broke'], `${ageMs} ${keepsFailures}`);
      }
    });
  });

  test('keeps logs to itself when told so', async () => {
    const one = recorder(false);
    one.startTasks([task(0)]);
    one.appendTaskOutput('p0:build', 'secret');
    one.endTasks([{ task: task(0), status: 'success', code: 0, terminalOutput: 'secret' }]);
    await one.end('success', 0, false);
    assert.ok(!JSON.stringify(run()).includes('secret'));
  });

  test('leaves out a task of a shape that it does not know, and no other', async () => {
    const one = recorder();
    one.startTasks([{ id: 'odd' } as never, task(0), null as never, task(1)]);
    one.endTasks([{ status: 'success' } as never, { task: task(0), status: 'success', code: 0 }]);
    await one.end('success', 0, false);
    assert.deepEqual(new Set(tasks().map(({ id }: any) => id)), new Set(['p0:build', 'p1:build']));
  });

  test('splits what is too much for one report', async () => {
    const one = recorder();
    for (let number = 0; number < 1200; number += 1) {
      one.startTasks([task(number)]);
      one.endTasks([{ task: task(number), status: 'success', code: 0, terminalOutput: `\u001b[1m${'x'.repeat(20_000)}` }]);
    }
    await one.end('success', 0, false);
    assert.equal(new Set(tasks().map(({ number }: any) => number)).size, 1200);
    assert.ok(run().reports.every((report: any) => report.tasks.length <= 500 && Buffer.byteLength(JSON.stringify(report)) <= 1 << 20), 'a proxy takes them');
    assert.equal(logOf(1199).length, 20_004);
  });

  test('ends in time when the server falls silent', { timeout: 30_000 }, async () => {
    const one = recorder();
    await one.started;
    fake.faults.set('POST /with', () => true);
    fake.faults.set('POST /api/v1/runs', () => true);
    one.startTasks([task(0)]);
    const began = Date.now();
    await one.end('success', 0, false);
    assert.ok(Date.now() - began < 12_000);
    assert.ok(one.problem);
  });

  test('stops when the server says that the run is over', async () => {
    const one = recorder();
    await one.started;
    fake.faults.set('POST /api/v1/runs/', (_, response) => void response.writeHead(409).end('{"code":"conflict","message":"The run is over."}'));
    one.startTasks([task(0)]);
    await one.end('success', 0, false);
    assert.equal(fake.asked('POST /api/v1/runs/').length, 1);
    assert.match(String(one.problem), /The run is over/);
  });
});

describe('tasks', () => {
  const begun = { number: 0, attempt: 1, id: 'a', project: 'a', target: 'b', cacheable: true, status: 'running' as const };
  const of = (status: string, code?: number) => ended(begun, { task: task(0, { endTime: 1e12 }), status, ...(code === undefined ? {} : { code }) }, 'no_entry');
  test("nx's words in ours", () => {
    assert.deepEqual(['success', 'failure', 'skipped', 'stopped', 'local-cache', 'local-cache-kept-existing', 'remote-cache', 'new']
      .map((status) => of(status, status === 'failure' ? 1 : 0)).map(({ status, cache, miss }) => [status, cache, miss]), [
      ['success', 'miss', 'no_entry'], ['failure', 'miss', 'no_entry'], ['skipped', undefined, undefined], ['stopped', 'miss', 'no_entry'],
      ['success', 'local_hit', undefined], ['success', 'local_kept', undefined], ['success', 'remote_hit', undefined], ['success', 'miss', 'no_entry'],
    ]);
    assert.equal(of('remote-cache', 1).status, 'failure');
    assert.equal(of('success').ended_at, new Date(1e12).toISOString());
  });
  test('hash details are flat, and of too many the rest is summed up', () => {
    assert.deepEqual(hashDetails(task(0, { hashDetails: { command: 'c', nodes: { a: '1' }, implicitDeps: { i: '2' }, runtime: { r: '3' } } })),
      { command: 'c', a: '1', 'implicitDeps:i': '2', 'runtime:r': '3' });
    const many = (count: number, changed?: number) => hashDetails(task(0, {
      hashDetails: { nodes: Object.fromEntries(Array.from({ length: count }, (_, n) => [`packages/ä/input-${String(n).padStart(5, '0')}`, n === changed ? 'other' : 'x'.repeat(200)])) },
    }))!;
    assert.equal(Object.keys(many(250)).length, 250);
    const [some, other, late] = [many(1000), many(1000, 999), many(1001)];
    for (const one of [some, other, late]) assert.ok(Buffer.byteLength(JSON.stringify(one)) <= 64 << 10);
    assert.ok(Object.keys(some).length > 250);
    assert.equal(some['…']?.split(' more')[0], String(1001 - Object.keys(some).length));
    assert.notEqual(some['…'], other['…'], 'what differs in the rest is seen');
    assert.deepEqual({ ...some, '…': '' }, { ...late, '…': '' }, 'the same ones are kept each time');
    assert.deepEqual(Object.keys(hashDetails(task(0, { hashDetails: { nodes: { a: 'x'.repeat(70_000) } } }))!), ['…']);
    assert.equal(hashDetails(task(0)), undefined);
    assert.equal(hashDetails(task(0, { hashDetails: { nodes: {} } })), undefined);
  });
  test('edges of all versions', () => {
    const id = dependencies({ taskGraph: { dependencies: { a: ['b', { id: 'c' }] }, continuousDependencies: { a: [{ id: 'd' }] } } });
    assert.deepEqual(id('a'), ['b', 'c', 'd']);
    assert.deepEqual(id('x'), []);
  });
  test('older versions name cacheable targets', () => {
    const { cache: _, ...old } = task(0);
    assert.equal(isCacheable(old, { cacheableOperations: ['build'] }), true);
    assert.equal(isCacheable(old, {}), false);
  });
});

describe('a command', () => {
  test('that is stopped by Ctrl+C says goodbye, and ends as it would', async () => {
    let pid = 0;
    const ending = workspace.nx(fake, { tasks: 1, env: { BUILD_MS: '60000', EXIT_ON_SIGINT: '1', TMPDIR: workspace.folder }, running: (one) => { pid = one; } });
    await until(() => fake.runs.size > 0 && run().reports.length > 0);
    process.kill(pid, 'SIGINT');
    const { code, seconds } = await ending;
    assert.equal(code, 130);
    // On a busy machine it says so a little later.
    await until(() => run().end !== undefined);
    assert.equal(run().end.status, 'cancelled');
    assert.deepEqual(readdirSync(workspace.folder).filter((name) => name.startsWith('buildkeep-')), []);
    assert.ok(seconds < 20);
  });

  test('finds nx without folders of modules, as with Yarn PnP', async () => {
    mkdirSync(`${workspace.folder}/node_modules/nx/tasks-runners`, { recursive: true });
    mkdirSync(`${workspace.folder}/node_modules/nx/bin`, { recursive: true });
    writeFileSync(`${workspace.folder}/node_modules/nx/package.json`, '{"version":"22.0.0"}');
    writeFileSync(`${workspace.folder}/node_modules/nx/tasks-runners/default.js`, 'exports.default = async () => ({ found: "success" })');
    writeFileSync(`${workspace.folder}/node_modules/nx/bin/nx.js`, `const c = require(${JSON.stringify(bundle)}); c.configureLightClientRequire()([]);
      c.nxCloudTasksRunner([], { lifeCycle: {} }, { nxJson: {} }).then((results) => { console.log(JSON.stringify(results)); process.exit(0); });`);
    const { stdout, stderr } = spawnSync(process.execPath, ['node_modules/nx/bin/nx.js'], { cwd: workspace.folder, env: workspace.environment('http://127.0.0.1:9'), encoding: 'utf8', timeout: 20_000 });
    assert.match(stdout, /"found":"success"/, stderr);
  });

  test('that runs dry is an error, not a success without a build', async () => {
    const script = `const c = require(${JSON.stringify(bundle)}); const { mkdirSync, writeFileSync } = require('fs');
      mkdirSync('node_modules/nx/tasks-runners', { recursive: true }); writeFileSync('node_modules/nx/tasks-runners/default.js', 'exports.default = () => new Promise(() => {})');
      c.configureLightClientRequire()([process.cwd() + '/node_modules']); c.nxCloudTasksRunner([], { lifeCycle: {} }, { nxJson: {} }).then(() => process.exit(0));`;
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: workspace.folder, env: workspace.environment(fake.url), encoding: 'utf8', timeout: 20_000 });
    assert.equal(status, 1);
    assert.match(stderr, /came to an end before its tasks did/);
  });

  test('in CI proves its execution, and nowhere else', async () => {
    await workspace.nx(fake, { env: { GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: '1', GITHUB_RUN_ATTEMPT: '1' } });
    const secrets = new Set(fake.seen.map(({ headers }) => headers['buildkeep-execution']));
    assert.equal(secrets.size, 1);
    assert.match(String([...secrets][0]), /^[0-9a-f]{64}$/);
    fake.seen.length = 0;
    await workspace.nx(fake);
    assert.ok(fake.seen.every(({ headers }) => headers['buildkeep-execution'] === undefined));
  });

  test('sends who it is, and nothing of it in addresses', async () => {
    await workspace.nx(fake);
    for (const { headers, path } of fake.seen) {
      assert.equal(headers.authorization, `Bearer ${TOKEN}`);
      assert.equal(headers['nx-cloud-id'], '0123456789abcdef01234567');
      assert.match(String(headers['user-agent']), /^buildkeep-client\/\d{4}\.\d+\.\d+$/);
      assert.ok(!path.includes(TOKEN));
    }
  });

  test('says which credential was used, what it allowed, and where the run is', async () => {
    const { said } = await workspace.nx(fake);
    assert.match(said.join('\n'), /Acme\/shop: CI access token "main" \(token bkci_…3456 from the environment\) reads and writes the shared cache\. 0 fetched, 3 stored\./);
    assert.ok(said.some((line) => line.includes(`run: ${fake.url}/runs/`)));
  });

  test('says when a personal access token does not count', async () => {
    Object.defineProperty(fake, 'whoami', { get: () => ({ ...Object.getPrototypeOf(fake).whoami, server_version: '1', workspace: { nx_cloud_id: 'x', name: 'shop' }, credential: { kind: 'nx_cloud_id' }, access: { shared: 'read', execution: false, records_runs: true }, notice: 'not_a_member' }) });
    assert.match((await workspace.nx(fake)).said.join('\n'), /you are not a member of the organization/);
  });

  for (const [name, env, options] of [['NX_NO_CLOUD', { NX_NO_CLOUD: 'true' }, {}], ['--no-cloud', {}, { cloud: false }]] as const) {
    test(`asks nothing and says nothing with ${name}`, async () => {
      const { said, code } = await workspace.nx(fake, { env: { ...env, RUNNER_OPTIONS: JSON.stringify(options) } as Record<string, string> });
      assert.deepEqual([code, said, fake.seen.length], [0, [], 0]);
    });
  }

  test('without the cache is recorded all the same', async () => {
    const { said } = await workspace.nx(fake, { env: { RUNNER_OPTIONS: '{"skipNxCache":true}' } });
    assert.equal(fake.asked('POST /api/v1/artifacts').length, 0);
    assert.equal(run().start.cache, false);
    assert.ok(tasks().every(({ miss }: any) => miss === undefined || miss === 'cache_off'));
    assert.match(said.join('\n'), /switched off for this command/);
  });

  for (const FAIL of ['skipped', 'nothing']) {
    test(`tells of tasks that were not run, when nx says ${FAIL} of them`, async () => {
      const { code } = await workspace.nx(fake, { env: { FAIL } });
      assert.equal(code, 0);
      const last = new Map<string, string>(tasks().map(({ id, status }: any) => [id, status]));
      assert.deepEqual([...last].sort(), [['p0:build', 'failure'], ['p1:build', 'success'], ['p2:build', 'skipped']]);
      assert.equal(tasks().find(({ id }: any) => id === 'p2:build').started_at, undefined);
      assert.equal(run().end.status, 'failure');
    });
  }

  test('uploads no log in clear when told so', async () => {
    await workspace.nx(fake, { tasks: 1, env: { NX_CLOUD_UPLOAD_LOGS: 'false' } });
    assert.ok(run().reports.every((report: any) => report.logs.length === 0));
    await workspace.forget();
    const again = await workspace.nx(fake, { tasks: 1 });
    assert.deepEqual(again.results, { 'p0:build': 'remote-cache' });
    assert.match(logOf2(fake), /was not uploaded/);
  });

  test('goes through a proxy', async () => {
    const { text } = await workspace.nx('http://buildkeep.invalid/with/a/path', { env: { HTTP_PROXY: new URL(fake.url).origin } });
    // The server in memory sees whole addresses, as a proxy does.
    assert.ok(fake.seen.length > 0 && fake.seen.every(({ headers }) => headers.host === 'buildkeep.invalid'), text);
    fake.seen.length = 0;
    await workspace.nx('http://buildkeep.invalid', { env: { HTTP_PROXY: new URL(fake.url).origin, NO_PROXY: 'buildkeep.invalid' } });
    assert.equal(fake.seen.length, 0);
  });
});

const logOf2 = (server: Fake) => [...server.runs.values()].at(-1)!.reports.flatMap((report: any) => report.logs).map((one: any) => one.text).join('');
