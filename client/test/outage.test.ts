// A server that goes away while a command runs, and comes back, or does not; one that is full.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Workspace } from './support/command.ts';
import { Fake, type Fault } from './support/server.ts';

let fake: Fake;
let workspace: Workspace;
beforeEach(async () => {
  fake = await Fake.start();
  workspace = await Workspace.create();
});
afterEach(async () => {
  await fake.stop();
  await workspace.remove();
});

const until = async (isSo: () => boolean) => {
  for (const end = Date.now() + 20_000; !isSo() && Date.now() < end;) await new Promise((done) => setTimeout(done, 20));
  assert.ok(isSo());
};
const run = () => [...fake.runs.values()][0]!;
const statuses = () => Object.fromEntries(run().reports.flatMap((report: any) => report.tasks).map(({ id, status }: any) => [id, status]));
const logs = () => run().reports.flatMap((report: any) => report.logs).map(({ text }: any) => text).join('');
const everything = (fault: Fault) => fake.faults.set('', (request, response, seen) => fault(request, response, seen) ?? true);
const problem = (status: number, code: string, message: string): Fault => (_, response) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message }));

const AWAY: [string, Fault][] = [
  ['that restarts', (_, response) => void response.destroy()],
  ['behind a proxy that says 502 meanwhile', (_, response) => void response.writeHead(502).end('<html>')],
  ['that is moved', problem(503, 'unavailable', 'The server is being moved.')],
];

describe('a server', { concurrency: false }, () => {
  for (const [name, fault] of AWAY) {
    test(`${name} in mid-run has missed nothing when it is back`, async () => {
      const ending = workspace.nx(fake, { tasks: 4, env: { BUILD_MS: '6000' } });
      await until(() => fake.runs.size > 0 && Object.keys(statuses()).length === 4);
      everything(fault);
      setTimeout(() => fake.faults.clear(), 8_000);
      const { code, text, said, seconds } = await ending;
      assert.equal(code, 0, text);
      assert.equal(run().end?.status, 'success', text);
      assert.ok(!run().end.incomplete && run().end.lost_uploads === 0, text);
      assert.deepEqual(Object.values(statuses()), Array(4).fill('success'));
      for (const task of [0, 1, 2, 3]) assert.match(logs(), new RegExp(`built p${task}:build`));
      assert.equal(fake.artifacts.size, 4, text);
      assert.match(said.join('\n'), /0 fetched, 4 stored\./);
      assert.doesNotMatch(said.join('\n'), /not recorded|lost/);
      assert.ok(seconds < 20, `${seconds} s`);
    });
  }

  test('that stays away costs some seconds, is told the end in the background, and the terminal says so', async () => {
    const ending = workspace.nx(fake, { tasks: 3, env: { BUILD_MS: '3000', TMPDIR: workspace.folder } });
    await until(() => fake.runs.size > 0 && Object.keys(statuses()).length === 3);
    everything((_, response) => void response.destroy());
    const { code, text, said, seconds } = await ending;
    assert.equal(code, 0, text);
    assert.match(said.join('\n'), /the end of this run is not recorded yet: .* cut\. Check that it runs .*\. It is sent in the background for a minute\./);
    assert.match(said.join('\n'), /3 results could not be stored in the remote cache in time/);
    assert.ok(seconds < 30, `${seconds} s`);
    assert.equal(run().end, undefined);
    fake.faults.clear();
    await until(() => run().end !== undefined);
    assert.deepEqual([run().end.status, run().end.incomplete, run().end.lost_uploads], ['success', true, 3]);
  });

  test('that is away at the end of a recorded command is told it later, and the terminal says no less', async () => {
    const recording = workspace.cli(fake, ['record', '--', process.execPath, '-e', 'setTimeout(() => {}, 3000)']);
    await until(() => fake.runs.size > 0);
    everything((_, response) => void response.destroy());
    const { code, text } = await recording;
    assert.equal(code, 0, text);
    assert.match(text, /the end of this run is not recorded yet: .*\. It is sent in the background for a minute\./);
    assert.doesNotMatch(text, /: this run is not recorded/);
    fake.faults.clear();
    await until(() => run().end !== undefined);
  });

  test('that was away for its look-up is asked again for the next ones', async () => {
    // Eight tasks, one after the other.
    fake.faults.set('POST /api/v1/artifacts/lookup', (_, response) => void response.destroy());
    setTimeout(() => fake.faults.clear(), 1_000);
    await workspace.nx(fake, { tasks: 3, env: { BUILD_MS: '4000' } });
    assert.equal(fake.artifacts.size, 3);
  });

  test('without room is not asked again, and says so in one line', async () => {
    for (const start of ['PUT ', 'POST /api/v1/runs']) fake.faults.set(start, problem(507, 'storage_full', 'The disk of the server is full: ask its operator to make room.'));
    const { code, text, said, seconds } = await workspace.nx(fake, { tasks: 6 });
    assert.equal(code, 0, text);
    assert.equal(said.filter((line) => line.includes('nothing new is stored: The disk of the server is full: ask its operator to make room.')).length, 1, text);
    assert.equal(said.filter((line) => line.includes('this run is not recorded: The disk of the server is full')).length, 1, text);
    assert.match(said.join('\n'), /0 fetched, 0 stored, 6 lost/);
    assert.equal(fake.asked('POST /api/v1/runs').length, 1);
    assert.ok(fake.asked('PUT').length <= 6 && seconds < 4, `${seconds} s`);
  });

  test('with a fault of its own makes no build long, and is not taken for a wrong address', async () => {
    for (const start of ['PUT ', 'POST /api/v1/runs']) fake.faults.set(start, problem(500, 'unavailable', 'Something went wrong on the server.'));
    const { code, said, seconds } = await workspace.nx(fake);
    assert.equal(code, 0);
    assert.match(said.join('\n'), /Something went wrong on the server\.$/m);
    assert.doesNotMatch(said.join('\n'), /\.\.|Check that/);
    assert.ok(seconds < 8, `${seconds} s`);
  });
});

describe('what is said', () => {
  test('of a read-only token is what is true here and now', async () => {
    Object.assign(fake, { store: 'read_only', access: { shared: 'read', execution: true, records_runs: true } });
    const outside = await workspace.nx(fake);
    assert.match(outside.said.join('\n'), /reads the shared cache, and writes nothing, since this is no CI execution\. 0 fetched, 0 stored\./);
    fake.store = 'execution';
    await workspace.forget();
    const inside = await workspace.nx(fake, { env: { NX_CI_EXECUTION_ID: '7' } });
    assert.match(inside.said.join('\n'), /reads the shared cache, and writes for this CI execution only\. 0 fetched, 3 stored\./);
    const whoami = await workspace.cli(fake, ['whoami']);
    assert.match(whoami.text, /writes nothing, since this is no CI execution/);
  });

  test('of a task that nx did not ask for is that it did not', async () => {
    await workspace.nx(fake, { env: { NOT_ASKED: '1' } });
    const tasks = run().reports.flatMap((report: any) => report.tasks).filter(({ status }: any) => status === 'success');
    assert.deepEqual([...new Set(tasks.map(({ miss }: any) => miss))], ['not_asked']);
  });
});
