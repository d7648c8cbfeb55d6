// Commands and signals with real nx. Which versions: NX_MAJORS, by default all.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { builtBundle, Fake, ID } from '../support/server.ts';
import { lib, majors, root, VERSIONS } from '../support/versions.ts';

const TOKEN = 'bkci_0123456789012345678901234567890123456';

for (const major of majors) {
  describe(`nx ${VERSIONS[major]}`, { timeout: 300_000 }, () => {
    let fake: Fake;
    let folder: string;
    let machine: any;
    const env = (more: object = {}) => ({ PATH: process.env.PATH, HOME: join(folder, 'home'), NX_CLOUD_API: fake.url, NX_CLOUD_ACCESS_TOKEN: TOKEN, NX_DAEMON: 'false', NX_TUI: 'false', CI: 'true', NO_COLOR: '1', ...more });
    const run = (program: string, args: string[], more: object = {}, running?: (pid: number) => void) => new Promise<{ code: number | null; text: string }>((done) => {
      const child = spawn(join('node_modules', '.bin', program), args, { cwd: machine.workspace, env: env(more) as never, timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => { text += part; });
      if (child.pid) running?.(child.pid);
      child.once('close', (code) => done({ code, text }));
    });

    before(async () => {
      fake = await Fake.start();
      const target = join(root, 'target/client');
      fake.bundle = builtBundle(target);
      folder = await mkdtemp(join(tmpdir(), `nx${major}-`));
      const { install } = await lib('install.mjs');
      machine = await (await lib('machine.mjs')).Machine.create(folder, VERSIONS[major], await install(VERSIONS[major]));
      const nxJson = JSON.parse(await readFile(join(machine.workspace, 'nx.json'), 'utf8'));
      await writeFile(join(machine.workspace, 'nx.json'), JSON.stringify({ ...nxJson, nxCloudId: ID, nxCloudUrl: fake.url }));
    });
    after(async () => {
      await fake.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test('logs in, knows who it is, and logs out', async () => {
      fake.logins = [{ status: 'granted', token: 'bkpat_the_token_of_ada', person: 'Ada' }];
      const login = await run('nx-cloud', ['login', fake.url]);
      assert.equal(login.code, 0, login.text);
      assert.match(login.text, /logged in as Ada/);
      assert.match(JSON.parse(String(fake.asked('POST /api/v1/logins')[0]?.body)).device, new RegExp(`nx ${VERSIONS[major]}`));
      const who = await run('nx-cloud', ['whoami']);
      assert.equal(who.code, 0, who.text);
      assert.match(who.text, /Acme\/shop/);
      assert.equal((await run('nx-cloud', ['doctor'])).code, 0);
      const out = await run('nx-cloud', ['logout', fake.url]);
      assert.equal(out.code, 0, out.text);
      assert.equal(fake.asked('DELETE')[0]?.headers.authorization, 'Bearer bkpat_the_token_of_ada');
    });

    test('records any command, with its exit code', async () => {
      const { code, text } = await run('nx-cloud', ['record', '--', process.execPath, '-e', 'console.log("did it"); process.exit(5)']);
      assert.equal(code, 5, text);
      assert.match(text, /did it/);
      assert.equal([...fake.runs.values()].at(-1)?.end.status, 'failure');
    });

    test('ends with 1 on a command that is not there', async () => assert.equal((await run('nx-cloud', ['no-such-command'])).code, 1));
    test('resets', async () => assert.equal((await run('nx', ['reset'])).code, 0));

    test('that is stopped leaves a cancelled run', async () => {
      fake.runs.clear();
      let pid = 0;
      const ending = run('nx', ['run-many', '-t', 'build'], { MEETING: join(folder, 'meeting') }, (one) => { pid = one; });
      for (const end = Date.now() + 40_000; Date.now() < end && ![...fake.runs.values()].at(-1)?.reports.length;) await new Promise((done) => setTimeout(done, 50));
      process.kill(-pid, 'SIGINT');
      const { code, text } = await ending;
      assert.notEqual(code, 0, text);
      // On a busy machine it is told a little later.
      for (const end = Date.now() + 10_000; Date.now() < end && ![...fake.runs.values()].at(-1)?.end;) await new Promise((done) => setTimeout(done, 50));
      assert.equal([...fake.runs.values()].at(-1)?.end?.status, 'cancelled', `${code} ${text}`);
    });
  });
}
