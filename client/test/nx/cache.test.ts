// Real nx from npm with the real bundle against the server in memory. Which versions: NX_MAJORS, by default all.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { builtBundle, Fake, ID } from '../support/server.ts';
import { lib, majors, root, VERSIONS } from '../support/versions.ts';

for (const major of majors) {
  describe(`nx ${VERSIONS[major]}`, { timeout: 600_000 }, () => {
    let fake: Fake;
    let folder: string;
    let machine: any;
    const env = () => ({ NX_CLOUD_API: fake.url, NX_CLOUD_ACCESS_TOKEN: 'bkci_0123456789012345678901234567890123456', CI: 'true', NX_CI_EXECUTION_ID: 'execution-1' });
    const build = async (more: Record<string, unknown> = {}) => machine.build({ env: { ...env(), ...(more.env as object) }, args: more.args ?? [] });

    // nx 17 copies what a link points to.
    const links = (lines: string[]) => (major === '17' ? lines.filter((line) => !line.includes('latest.txt')) : lines);

    before(async () => {
      const { install } = await lib('install.mjs');
      const { Machine } = await lib('machine.mjs');
      fake = await Fake.start('/buildkeep');
      const target = join(root, 'target/client');
      fake.bundle = builtBundle(target);
      folder = await mkdtemp(join(tmpdir(), `nx${major}-`));
      machine = await Machine.create(folder, VERSIONS[major], await install(VERSIONS[major]));
      const nxJson = JSON.parse(await readFile(join(machine.workspace, 'nx.json'), 'utf8'));
      await writeFile(join(machine.workspace, 'nx.json'), JSON.stringify({ ...nxJson, nxCloudId: ID, nxCloudUrl: fake.url }));
      // Without a repository nx 18 hashes outputs, too.
      const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: machine.workspace });
      git('init', '-q', '-b', 'trunk');
      git('add', '.');
      git('commit', '-q', '-m', 'first words');
    });
    after(async () => {
      await fake.stop();
      if (!process.env.KEEP) await rm(folder, { recursive: true, force: true });
    });

    test('stores what it builds, and fetches it on the next machine', async () => {
      const first = await build();
      if (process.env.SHOW) console.log(first.text);
      assert.equal(first.code, 0, first.text);
      assert.equal(fake.artifacts.size, 3, first.text);
      const before = await machine.outputs();
      await machine.forget();
      const second = await build();
      if (process.env.SHOW) console.log(second.text);
      assert.equal(second.code, 0, second.text);
      assert.match(second.text, /3 fetched, 0 stored/);
      assert.deepEqual(links(await machine.outputs()), links(before));
      const third = await build();
      assert.equal(third.code, 0, third.text);
      assert.match(third.text, /0 fetched, 0 stored/);
    });

    test('records its runs', async () => {
      const [first, second, third] = [...fake.runs.values()];
      const tasks = (run: any) => {
        const found = new Map<string, any>();
        // What a hash was made of is told once.
        for (const report of run.reports) for (const task of report.tasks ?? []) found.set(task.id, { ...found.get(task.id), ...task });
        return [...found.values()];
      };
      for (const run of [first, second, third]) assert.equal(run?.end?.status, 'success');
      assert.equal(first?.start.tasks, 3);
      assert.equal(first?.start.nx_version, VERSIONS[major]);
      assert.equal(first?.start.ci.execution_id, 'execution-1');
      assert.equal(first?.start.branch, 'trunk');
      assert.deepEqual([first?.start.commit.title, first?.start.commit.author], ['first words', 'Ada']);
      assert.deepEqual(tasks(first).map(({ cache, miss, stored, status, code }) => [cache, miss, stored, status, code]),
        Array(3).fill(['miss', 'no_entry', 'shared', 'success', 0]));
      assert.deepEqual(tasks(second).map(({ cache }) => cache), Array(3).fill('remote_hit'));
      assert.ok(tasks(third).every(({ cache }) => cache === 'local_hit' || cache === 'local_kept'));
      assert.deepEqual(tasks(first).find(({ id }) => id === 'app:build').depends_on.length, 2);
      for (const run of [first, second, third]) {
        const logs = run?.reports.flatMap(({ logs: pieces }: any) => pieces) ?? [];
        const text = logs.map(({ text: one }: any) => one).join('');
        for (const name of ['app', 'big', 'notes']) assert.match(text, new RegExp(`${name} built`), `log of ${name}`);
        assert.equal(new Set(logs.map(({ task }: any) => task)).size, 3);
      }
      for (const task of tasks(first)) assert.ok(task.hash_details && task.started_at <= task.ended_at);
    });

    test('ends as without a cache when the server is gone, and says why', async () => {
      await machine.forget();
      const url = fake.url;
      fake.faults.set('POST /api', (_, response) => response.destroy());
      const alone = await build();
      fake.faults.clear();
      if (process.env.SHOW) console.log(alone.text);
      assert.equal(alone.code, 0, alone.text);
      assert.match(alone.text, /no remote cache for this command: .*the connection was cut/);
      assert.match(alone.text, /Check that it runs/);
      assert.equal(url, fake.url);
    });

    test('is silent when it is switched off', async () => {
      await machine.forget();
      fake.seen.length = 0;
      const off = await build({ env: { NX_NO_CLOUD: 'true' } });
      assert.equal(off.code, 0, off.text);
      assert.equal(fake.asked('POST /api').length, 0);
      assert.doesNotMatch(off.text, /Buildkeep:/);
    });
  });
}
