// What nx does is recorded by a real server: looked at as a person does who is signed in, and follows the link in the terminal.
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Browser, factsOf, headingOf, rowsOf } from './lib/browser.mjs';
import { build, Team } from './lib/team.mjs';
import { majors, versions } from './lib/versions.mjs';

/** Seconds after which a run counts as cancelled of which nothing is heard, and at most until that is noticed. */
const LEASE = 90;
const NOTICED = 30;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(question, seconds) {
  for (const end = Date.now() + seconds * 1000; ;) {
    const answer = await question();
    if (answer || Date.now() > end) return answer;
    await sleep(200);
  }
}

describe('runs', { timeout: 3_600_000 }, () => {
  const killed = [];
  const teams = [];
  after(async () => {
    for (const team of teams) await team.end();
  });

  for (const major of majors) {
    const old = Number(major) < 19;

    describe(`nx ${versions[major]}: runs`, { timeout: 600_000 }, () => {
      let team, a, writer, reader;
      const env = (token, more) => ({ NX_CLOUD_ACCESS_TOKEN: token, ...more });
      const list = async () => rowsOf(await team.ada.open(`${team.path}/runs`));

      /** The run whose link this text ends with: its page, facts and tasks. */
      async function runOf(text) {
        const link = /Buildkeep: run: (\S+)/.exec(text)?.[1];
        assert.ok(link?.startsWith(`${team.url}/runs/run_`), text);
        const page = await team.ada.open(link);
        assert.ok(page.path.startsWith(`${team.path}/runs/run_`), page.path);
        const tasks = {};
        for (const { cells: [name, cache], link: to } of rowsOf(page)) {
          const [id, status] = name.split(' ');
          tasks[id] = { status, cache, link: to };
        }
        return { link, heading: headingOf(page), facts: factsOf(page), tasks, text: page.text };
      }
      const logOf = async ({ link }) => (await team.ada.open(`${link}/log.txt`)).text;

      /** Starts a build that waits for us; answers how to go on with it, and the link of its run. */
      async function waiting(name) {
        const meeting = join(team.folder, name);
        const before = (await list()).map(({ link }) => link);
        await a.forget();
        const running = a.start('nx', ['run-many', '-t', 'build', '-p', 'notes', '--outputStyle=static'], env(writer, { MEETING: meeting }));
        const met = await until(async () => (await readdir(meeting).catch(() => [])).length > 0, 60);
        assert.ok(met, running.text);
        const row = await until(async () => (await list()).find(({ link }) => !before.includes(link)), 20);
        assert.ok(row, 'the run is there while it goes on');
        const task = await until(async () => rowsOf(await team.ada.open(row.link))[0], 10);
        assert.match(task?.cells[0] ?? '', /^notes:build Running$/);
        // What it left behind is let go.
        return { running, link: row.link, leave: () => writeFile(join(meeting, 'go on'), '') };
      }

      before(async () => {
        team = await Team.create(major, 'runs');
        teams.push(team);
        writer = (await team.shop.token('main', 'read-write')).token;
        reader = (await team.shop.token('pull requests', 'read-only')).token;
        a = await team.machine('a');
      });

      it('goes on for the server when nx was killed', async () => {
        const { running, link, leave } = await waiting('killed');
        running.kill();
        assert.equal((await running.ended).code, 'SIGKILL');
        await leave();
        killed.push({ team, link, version: versions[major], at: Date.now() });
        assert.match(headingOf(await team.ada.open(link)), / Running$/);
      });

      it('is cancelled at once when nx is stopped by Ctrl+C', async () => {
        const { running, link, leave } = await waiting('stopped');
        running.interrupt();
        const { code, text } = await running.ended;
        await leave();
        assert.notEqual(code, 0, text);
        const page = await until(async () => {
          const seen = await team.ada.open(link);
          return / Cancelled$/.test(headingOf(seen)) && seen;
        }, 15);
        assert.ok(page, text);
        assert.deepEqual(rowsOf(page).map(({ cells: [name] }) => name), ['notes:build Stopped']);
      });

      it('shows what was built, fetched and kept, by whom, and from where', async () => {
        const first = await build(a, { env: env(writer, { CI: 'false' }) });
        const built = await runOf(first.text);
        assert.equal(built.heading, 'nx run-many -t build --outputStyle=static -p notes Succeeded');
        assert.deepEqual([built.facts.Branch, built.facts.Author, built.facts.Commit], ['main', 'Ada', `${a.head} · first`]);
        assert.equal(built.facts.Credential, 'CI access token “main”, read-write for the shared cache');
        assert.match(built.facts.Versions, new RegExp(`^nx ${versions[major]} · client [0-9.]+ · Node.js ${process.versions.node}$`));
        assert.deepEqual([built.facts.CI, built.facts.Tasks, built.facts.Failed, built.facts.Cache], [undefined, '1', '0', 'On']);
        assert.equal(built.tasks['notes:build'].status, 'Succeeded');
        assert.match(built.tasks['notes:build'].cache, /^Miss .* Stored in the shared cache$/);
        const said = /notes built .*/.exec(first.text)[0];
        assert.ok((await logOf(built.tasks['notes:build'])).includes(said));

        const fetched = await runOf((await build(a, { env: env(reader, { NX_BRANCH: '42', NX_CI_EXECUTION_ID: 'e-7', NX_CI_EXECUTION_ENV: 'linux' }) })).text);
        assert.match(fetched.tasks['notes:build'].cache, /^Remote hit$/);
        assert.ok((await logOf(fetched.tasks['notes:build'])).includes(said));
        assert.equal(fetched.facts.Credential, 'CI access token “pull requests”, read-only for the shared cache');
        assert.deepEqual([fetched.facts['Pull request'], fetched.facts['CI execution'], fetched.facts.CI], ['42', 'e-7', 'other · linux']);

        const kept = await runOf((await a.build({ args: ['-p', 'notes'], env: env(reader) })).text);
        assert.match(kept.tasks['notes:build'].cache, /^Local hit/);
        const off = await runOf((await a.build({ args: ['-p', 'notes', '--skip-nx-cache'], env: env(reader) })).text);
        assert.match(off.tasks['notes:build'].cache, /^Miss The cache was switched off for this command\.$/);
        assert.equal(off.facts.Cache, 'Switched off for this command');
      });

      it('shows a failed task with its log, and what waited for it', async () => {
        for (const [name, command] of [['broken', 'node -e "console.log(1); console.error(`it broke`); process.exit(3)"'], ['late', 'node -e "0"']]) {
          await mkdir(join(a.workspace, name), { recursive: true });
          const targets = { build: { command, outputs: ['{projectRoot}/dist'] } };
          await writeFile(join(a.workspace, name, 'project.json'), JSON.stringify({ name, targets, implicitDependencies: name === 'late' ? ['broken'] : [] }));
        }
        await a.forget();
        const { code, text } = await a.nx(['run-many', '-t', 'build', '-p', 'broken,late,notes', '--outputStyle=static'], env(writer));
        // nx's own choice, with or without a server.
        assert.equal(code, Number(major) >= 21 && Number(major) <= 23 ? 130 : 1, text);
        const { heading, facts, tasks } = await runOf(text);
        assert.match(heading, / Failed$/);
        const statuses = Object.entries(tasks).map(([id, { status }]) => [id, status]);
        assert.deepEqual(Object.fromEntries(statuses), { 'broken:build': 'Failed', 'late:build': 'Skipped', 'notes:build': 'Succeeded' }, text);
        assert.deepEqual([facts.Failed, facts.Tasks], ['1', '3']);
        const task = await team.ada.open(tasks['broken:build'].link);
        // That of nx's executor, which ran a command that ended with 3.
        assert.equal(factsOf(task)['Exit code'], '1');
        assert.match(await logOf(tasks['broken:build']), /it broke/);
      });

      it('opens only for those who may see it', async () => {
        const { link } = await runOf((await build(a, { env: env(writer) })).text);
        assert.equal((await new Browser(team.url).open(link)).path, '/sign-in');
        const stranger = await team.person('Eve');
        assert.equal((await stranger.browser.open(link)).status, 404);
      });

      it('records any command', async () => {
        const words = [process.execPath, '-e', 'console.log("did it"); process.exit(5)'];
        const ways = [['nx-cloud', 'record'], ...(Number(major) >= 21 ? [['nx', 'record']] : [])];
        for (const [program, name] of ways) {
          const { code, text } = await a.start(program, [name, '--', ...words], env(writer)).ended;
          assert.equal(code, 5, text);
          assert.match(text, /^did it$/m);
          const { heading, tasks } = await runOf(text);
          assert.ok(heading.startsWith(words[0]) && heading.endsWith('Failed'), heading);
          assert.equal(tasks['record:command'].status, 'Failed');
          assert.equal(await logOf(tasks['record:command']), 'did it\n');
        }
      });

      it('takes up later what nx did alone', async () => {
        const alone = await build(a, { source: 'alone', env: env(writer, { NX_NO_CLOUD: 'true' }) });
        assert.deepEqual([alone.code, alone.says], [0, ''], alone.text);
        const { code, text } = await a.cloud(['view-logs'], env(writer));
        assert.equal(code, 0, text);
        const { heading, tasks } = await runOf(text);
        assert.match(heading, /^nx run-many -t build .* Succeeded$/);
        assert.deepEqual(tasks['notes:build'].status, 'Succeeded');
        assert.ok((await logOf(tasks['notes:build'])).includes(/notes built .*/.exec(alone.text)[0]));
      });

      it('hides the secrets of a command line', async () => {
        const tasksRunnerOptions = { default: { options: { maskedProperties: ['pin'] } } };
        const shy = await team.machine('shy', { nxCloudUrl: team.url, nxCloudId: team.shop.nxCloudId, tasksRunnerOptions });
        const { code, text } = await shy.build({ args: ['-p', 'notes', '--token=first-secret', '--pin', '170717'], env: env(writer) });
        assert.equal(code, 0, text);
        const { heading, tasks, text: page } = await runOf(text);
        assert.match(heading, / --token=\*\*\* --pin \*\*\* Succeeded$/);
        const task = await team.ada.open(tasks['notes:build'].link);
        assert.match(factsOf(task).Options, /^--token=\*\*\* --pin[ =]\*\*\*$/);
        assert.doesNotMatch(page, /first-secret|170717/);
        // Newer versions of nx repeat the command there.
        assert.doesNotMatch(await logOf(tasks['notes:build']), /first-secret|170717/);
      });

      it('is recorded for whoever has only the nxCloudId', { skip: old && 'nx 17 and 18 ignore nxCloudId' }, async () => {
        const { facts } = await runOf((await build(a)).text);
        assert.equal(facts.Credential, 'Nx Cloud id alone, read-only for the shared cache');
      });
    });
  }

  it('counts as cancelled, when nothing is heard of it any more', { timeout: (LEASE + NOTICED + 10) * 1000 }, async () => {
    assert.equal(killed.length, majors.length);
    for (const { team, link, version, at } of killed) {
      const page = await until(async () => {
        const seen = await team.ada.open(link);
        return / Cancelled$/.test(headingOf(seen)) && seen;
      }, LEASE + NOTICED);
      assert.ok(page, version);
      assert.match(page.text, /Nothing was heard of this run any more/);
      assert.ok(Date.now() - at > (LEASE - 5) * 1000, 'not before its time');
    }
  });
});
