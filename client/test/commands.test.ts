import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { converted } from '../src/commands/convert.ts';
import { bundle, Workspace } from './support/command.ts';
import { Fake, ID } from './support/server.ts';

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

const NO_TOKEN = { NX_CLOUD_ACCESS_TOKEN: '' };
const ini = () => readFile(join(workspace.folder, '.config/nxcloud/nxcloud.ini'), 'utf8').catch(() => '');
const PAT = 'bkpat_0123456789012345678901234567890123456';

describe('login', () => {
  test('shows address and code, waits for the person, and keeps the token', async () => {
    fake.logins = [{ status: 'authorization_pending' }, { status: 'granted', token: PAT, person: 'Ada', expires_at: '2027-01-01T00:00:00Z' }];
    const { code, text } = await workspace.cli(fake, ['login', `${fake.url}/`], NO_TOKEN);
    assert.equal(code, 0, text);
    for (const words of [`${fake.url}/login?code=BCDF-GHJK`, 'BCDF-GHJK', 'logged in as Ada', 'nxcloud.ini', 'until 2027-01-01']) assert.ok(text.includes(words), words);
    assert.ok(!text.includes(PAT) && !text.includes('secret-device'));
    assert.ok((await ini()).includes(`personalAccessToken=${PAT}`));
    const who = fake.asked('GET /api/v1/whoami').at(-1);
    assert.equal(who?.headers.authorization, `Bearer ${PAT}`);
    assert.equal(JSON.parse(String(fake.asked('POST /api/v1/logins')[0]?.body)).device.includes('(nx '), true);
  });
  for (const [status, words] of [['access_denied', /declined/], ['expired_token', /Nobody confirmed in time/]] as const) {
    test(`ends on ${status}`, async () => {
      fake.logins = [{ status }];
      const { code, text } = await workspace.cli(fake, ['login'], NO_TOKEN);
      assert.equal(code, 1);
      assert.match(text, words);
      assert.equal(await ini(), '');
    });
  }
  test('says what is wrong with an address', async () => {
    for (const word of ['buildkeep', 'ftp://x', 'http://ada:secret@x']) {
      const { code, text } = await workspace.cli(fake, ['login', word]);
      assert.equal(code, 1);
      assert.match(text, /is not an address/);
    }
  });
  test('without a server asks for one', async () => {
    const { code, text } = await workspace.cli('', ['login'], { NX_CLOUD_API: '' });
    assert.equal(code, 1);
    assert.match(text, /Which server/);
  });
  test('says so when nobody is there', async () => {
    const { code, text } = await workspace.cli('http://127.0.0.1:9', ['login']);
    assert.equal(code, 1);
    assert.match(text, /refused/);
  });
});

describe('logout', () => {
  const login = (url = fake.url) => workspace.cli(fake, ['configure', '--nx-cloud-url', url], NO_TOKEN, `${PAT}\n`);
  test('revokes and forgets', async () => {
    await login();
    const { code, text } = await workspace.cli(fake, ['logout']);
    assert.equal(code, 0, text);
    assert.equal(fake.asked('DELETE /api/v1/personal-access-token')[0]?.headers.authorization, `Bearer ${PAT}`);
    assert.ok(!(await ini()).includes(PAT));
  });
  test('forgets what is revoked already, and what cannot be revoked', async () => {
    await login();
    fake.faults.set('DELETE', (_, response) => void response.writeHead(401).end('{"code":"bad_token","message":"No."}'));
    assert.equal((await workspace.cli(fake, ['logout'])).code, 0);
    await login();
    fake.faults.set('DELETE', (_, response) => void response.writeHead(503).end());
    const { code, text } = await workspace.cli(fake, ['logout']);
    assert.equal(code, 1);
    assert.match(text, /could not be revoked/);
    assert.ok(!(await ini()).includes(PAT));
  });
  test('of several wants to know which, or takes all', async () => {
    const other = await Fake.start();
    try {
      await login();
      await login(other.url);
      const asked = await workspace.cli('http://127.0.0.1:9', ['logout']);
      assert.equal(asked.code, 1);
      assert.match(asked.text, /several logins/);
      assert.equal((await workspace.cli(fake, ['logout', '--all'])).code, 0);
      assert.equal(fake.asked('DELETE').length + other.asked('DELETE').length, 2);
    } finally {
      await other.stop();
    }
  });
});

describe('configure', () => {
  for (const name of ['--personal-access-token', '--personalAccessToken']) {
    test(`takes ${name}`, async () => {
      const { code, text } = await workspace.cli(fake, ['configure', `${name}=${PAT}`]);
      assert.equal(code, 0, text);
      assert.ok(!text.includes(PAT));
      assert.ok((await ini()).includes(PAT));
    });
  }
  test('refuses what is no token', async () => assert.equal((await workspace.cli(fake, ['configure'], {}, 'two words\n')).code, 1));
});

describe('whoami and doctor', () => {
  test('say who counts here', async () => {
    const { code, text } = await workspace.cli(fake, ['whoami']);
    assert.equal(code, 0);
    for (const words of [fake.url, 'Acme/shop', ID, 'CI access token "main"', 'reads and writes the shared cache', ' ms']) assert.ok(text.includes(words), words);
    assert.equal(JSON.parse((await workspace.cli(fake, ['whoami', '--json'])).text).access.shared, 'read_write');
  });
  test('doctor ends with 0 when all is well, and with 1 when not', async () => {
    const well = await workspace.cli(fake, ['doctor']);
    assert.equal(well.code, 0, well.text);
    assert.match(well.text, /answers in \d+ ms/);
    await mkdir(join(workspace.folder, 'node_modules', 'nx-cloud'), { recursive: true });
    assert.match((await workspace.cli(fake, ['doctor'])).text, /NO +the npm package nx-cloud is installed/);
    fake.faults.set('GET', (_, response) => void response.writeHead(401).end('{"code":"bad_token","message":"This token is revoked."}'));
    const ill = await workspace.cli(fake, ['doctor']);
    assert.equal(ill.code, 1);
    assert.match(ill.text, /This token is revoked/);
  });
  test('doctor sees a clock that is wrong, a token in nx.json and a short key', async () => {
    await writeFile(join(workspace.folder, 'nx.json'), JSON.stringify({ nxCloudAccessToken: 'bkci_in_the_repository_1234', nxCloudEncryptionKey: 'short' }));
    fake.faults.set('GET /api/v1/whoami', (_, response) => void response.writeHead(200, { date: 'Mon, 01 Jan 2024 00:00:00 GMT' }).end(JSON.stringify(fake.whoami)));
    const { text } = await workspace.cli(fake, ['doctor'], NO_TOKEN);
    assert.match(text, /clocks/);
    assert.match(text, /stands in nx\.json/);
    assert.match(text, /key is short/);
  });
});

describe('convert-to-nx-cloud-id', () => {
  const text = `{
  // how we build
  "nxCloudAccessToken": "secret", /* soon gone */
  "tasksRunnerOptions": {"default": {"runner": "nx-cloud", "options": { "accessToken" : "secret" , "parallel":3,}}},
\t"other":   [1,
2]
}
`;
  test('changes names and values, and no other byte', () => {
    assert.equal(converted(text, ID), text.replace('"nxCloudAccessToken": "secret"', `"nxCloudId": "${ID}"`).replace('"accessToken" : "secret"', `"nxCloudId" : "${ID}"`));
  });
  test('does not write an id twice', () => {
    const done = converted('{\n  "nxCloudId": "there",\n  "nxCloudAccessToken": "secret",\n  "a": 1\n}\n', ID);
    assert.deepEqual(JSON.parse(done), { nxCloudId: 'there', a: 1 });
  });
  test('asks the server for the id, with the token that it replaces', async () => {
    await writeFile(join(workspace.folder, 'nx.json'), text);
    const { code, text: said } = await workspace.cli(fake, ['convert-to-nx-cloud-id'], NO_TOKEN);
    assert.equal(code, 0, said);
    assert.equal(fake.asked('GET /api/v1/whoami')[0]?.headers.authorization, 'Bearer secret');
    assert.equal(await readFile(join(workspace.folder, 'nx.json'), 'utf8'), converted(text, ID));
    assert.match(said, /revoke it/);
    assert.match((await workspace.cli(fake, ['convert-to-nx-cloud-id'])).text, /nothing to do/);
  });
  test('changes nothing when the server does not know the token', async () => {
    await writeFile(join(workspace.folder, 'nx.json'), text);
    fake.faults.set('GET', (_, response) => void response.writeHead(401).end('{"code":"bad_token","message":"This token is revoked."}'));
    assert.equal((await workspace.cli(fake, ['convert-to-nx-cloud-id'], NO_TOKEN)).code, 1);
    assert.equal(await readFile(join(workspace.folder, 'nx.json'), 'utf8'), text);
  });
});

describe('record', () => {
  const script = 'process.stdout.write("out äö\\n"); process.stderr.write("err\\n"); process.exit(Number(process.argv[1] ?? 0))';
  const log = () => [...fake.runs.values()].at(-1)?.reports.flatMap((report: any) => report.logs).map((one: any) => one.text).join('');
  test('runs the command as it is, and records it', async () => {
    const { code, text } = await workspace.cli(fake, ['record', '--', process.execPath, '-e', script, '7']);
    assert.equal(code, 7);
    assert.ok(text.includes('out äö\n') && text.includes('err\n'));
    const [run] = fake.runs.values();
    assert.equal(run?.end.status, 'failure');
    assert.match(String(log()), /out äö/);
    const last = run?.reports.flatMap((report: any) => report.tasks).at(-1);
    assert.deepEqual([last.status, last.code, last.cacheable, last.miss], ['failure', 7, false, 'not_cacheable']);
  });
  test('takes a line for the shell, and words with help in them', async () => {
    const { code, text } = await workspace.cli(fake, ['record', '--', 'echo "a  b" --help && exit 3']);
    assert.equal(code, 3);
    assert.match(text, /a {2}b --help/);
  });
  test('of a program that is not there ends with 127', async () => {
    assert.equal((await workspace.cli(fake, ['record', '--', 'no-such-program', 'x'])).code, 127);
  });
  const sh = (line: string, options: { reader?: (out: Readable) => void; env?: Record<string, string> } = {}) => new Promise<{ code: number | null; text: string; seconds: number }>((done) => {
    const began = Date.now();
    const script = `const c = require(${JSON.stringify(bundle)}); c.configureLightClientRequire()([]); c.runCLI(process.argv.slice(1)).then((code) => { process.exitCode = code; })`;
    const child = spawn(process.execPath, ['-e', script, '--', 'record', '--', 'sh', '-c', line], { cwd: workspace.folder, env: workspace.environment(fake.url, options.env), stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    if (options.reader) options.reader(child.stdout);
    else child.stdout.on('data', (part) => { text += part; });
    child.stderr.resume();
    child.once('exit', (code) => done({ code, text, seconds: (Date.now() - began) / 1000 }));
  });
  test('ends as the command does when nobody reads it any more', { timeout: 30_000 }, async () => {
    const closing = (out: Readable) => out.once('data', () => out.destroy());
    const { code } = await sh("trap '' PIPE; yes 2>/dev/null | head -c 5000000; exit 7", { reader: closing });
    assert.equal(code, 7);
    const piped = await sh('yes', { reader: closing });
    assert.ok(piped.code === 141 || piped.code === 1, `${piped.code}: as \`yes | head -1\` ends yes`);
    assert.equal([...fake.runs.values()].length, 2);
    assert.ok([...fake.runs.values()].every(({ end }) => end?.status === 'failure'));
  });
  test('waits for nothing that the command has left running', { timeout: 30_000 }, async () => {
    for (const left of ['sleep 60 &', 'sleep 60 >/dev/null &', '(while :; do echo still here; sleep 0.01; done) &']) {
      const { code, text, seconds } = await sh(`echo $$ > pid; ${left} echo $! > left; echo said; exit 4`);
      assert.equal(code, 4);
      assert.match(text, /said/);
      assert.ok(seconds < 15, `${seconds} s`);
      try {
        process.kill(Number(await readFile(join(workspace.folder, 'left'), 'utf8')));
      } catch {}
    }
  });
  test('loses nothing to a slow reader', { timeout: 60_000 }, async () => {
    let bytes = 0;
    const slow = (out: Readable) => {
      out.on('data', (part: Buffer) => {
        bytes += part.length;
        out.pause();
        setTimeout(() => out.resume(), 2);
      });
    };
    const { code } = await sh('head -c 3000000 /dev/zero | tr "\\0" x; exit 3', { reader: slow });
    await new Promise((done) => setTimeout(done, 1_000));
    assert.deepEqual([code, bytes], [3, 3_000_000]);
    assert.equal(String(log()).length, 3_000_000);
  });
  test('ends with the signal that ended the command', async () => assert.equal((await sh('kill -9 $$')).code, 137));
  for (const [name, url] of [['a dead server', 'http://127.0.0.1:9'], ['no server', '']] as const) {
    test(`with ${name} runs all the same`, async () => {
      const { code, text } = await workspace.cli(url, ['record', '--', process.execPath, '-e', script]);
      assert.equal(code, 0);
      assert.match(text, /out äö[\s\S]*not recorded/);
    });
  }
});

describe('view-logs', () => {
  test('uploads what nx wrote down', async () => {
    const folder = join(workspace.folder, '.nx', 'cache');
    await mkdir(join(folder, 'terminalOutputs'), { recursive: true });
    await writeFile(join(folder, 'terminalOutputs', '12'), 'said this');
    const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    await writeFile(join(folder, 'run.json'), JSON.stringify({
      run: { command: 'nx build app', startTime: time(0), endTime: time(9), inner: false },
      tasks: [{ taskId: 'app:build:production', target: 'build', projectName: 'app', hash: '12', startTime: time(1), endTime: time(8), params: '', cacheStatus: 'local-cache-hit', status: 0 }],
    }));
    const { code, text } = await workspace.cli(fake, ['upload-and-show-run-details']);
    assert.equal(code, 0, text);
    assert.match(text, /run: http/);
    const [run] = fake.runs.values();
    assert.equal(run?.start.credential_source, 'environment');
    assert.deepEqual([run?.start.command, run?.start.started_at, run?.end.ended_at, run?.end.status], ['nx build app', time(0), time(9), 'success']);
    const [task] = run?.reports[0].tasks;
    assert.deepEqual([task.configuration, task.cache, task.started_at, task.ended_at], ['production', 'local_hit', time(1), time(8)]);
    assert.equal(run?.reports[0].logs[0].text, 'said this');
  });
  test('says so when there is nothing', async () => {
    const { code, text } = await workspace.cli(fake, ['view-logs']);
    assert.equal(code, 1);
    assert.match(text, /not written down any command/);
  });
});

describe('the command line', () => {
  test('helps', async () => {
    for (const args of [[], ['--help'], ['help']]) assert.equal((await workspace.cli(fake, args)).code, 0);
    for (const name of ['login', 'record', 'start-ci-run']) {
      const { code, text } = await workspace.cli(fake, [name, '--help']);
      assert.equal(code, 0);
      assert.match(text, new RegExp(`nx-cloud ${name}`));
    }
    const { code, text } = await workspace.cli(fake, ['lgoin']);
    assert.equal(code, 1);
    assert.match(text, /no command "lgoin"/);
    assert.match((await workspace.cli(fake, ['whoami', '--nope'])).text, /See --help/);
    assert.equal(fake.seen.length, 0);
  });
  test('does not break CI files that distribute tasks', async () => {
    for (const name of ['start-ci-run', 'start-agent', 'start-nx-agents', 'stop-all-agents', 'complete-ci-run', 'fix-ci']) {
      assert.equal((await workspace.cli(fake, [name, '--distribute-on=3 linux'])).code, 0, name);
    }
  });
});
