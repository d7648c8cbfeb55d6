// Yes and no in every spelling, and the same settings for builds and for commands.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isCi } from '../src/ci.ts';
import { serverAddress, settings } from '../src/settings.ts';
import { said } from '../src/switches.ts';
import { Workspace } from './support/command.ts';
import { Fake, ID } from './support/server.ts';

const NO = ['false', 'False', 'FALSE', 'f', '0', 'no', 'No', 'n', 'off', 'OFF', ' false ', '"false"', "'no'", 'disabled', 'never'];
const YES = ['true', 'True', 'TRUE', 't', '1', 'yes', 'y', 'on', '"true"', ' On\n', 'enabled'];
const UNCLEAR = ['maybe', 'flase', '2', '-1', 'nein', 'true false', '${LOGS}'];

test('a switch is read in every spelling', () => {
  for (const word of NO) assert.equal(said(word), false, word);
  for (const word of YES) assert.equal(said(word), true, word);
  for (const word of UNCLEAR) assert.equal(said(word), 'unclear', word);
  for (const word of ['', ' ', '""', undefined, null]) assert.equal(said(word), undefined, String(word));
  assert.deepEqual([said(true), said(false), said(1), said({})], [true, false, true, 'unclear']);
});

test('CI is what says so', () => {
  for (const CI of NO) assert.equal(isCi({ CI }), false, CI);
  for (const CI of [...YES, 'woodpecker']) assert.equal(isCi({ CI }), true, CI);
  assert.equal(isCi({ GITHUB_ACTIONS: 'False', TF_BUILD: '' }), false);
  assert.equal(isCi({ TF_BUILD: 'True' }), true);
});

describe('in an environment', () => {
  let before: NodeJS.ProcessEnv;
  let workspace: Workspace;
  beforeEach(async () => {
    before = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith('NX_')) delete process.env[name];
    workspace = await Workspace.create();
  });
  afterEach(async () => {
    process.env = before;
    await workspace.remove();
  });
  const with_ = (env: Record<string, string>, nxJson: object = {}) => {
    for (const name of Object.keys(process.env)) if (name.startsWith('NX_')) delete process.env[name];
    Object.assign(process.env, env);
    return settings(workspace.folder, { nxJson: nxJson as never });
  };

  test('every no keeps logs here', () => {
    for (const word of NO) assert.deepEqual([with_({ NX_CLOUD_UPLOAD_LOGS: word }).uploadLogs, settings(workspace.folder).warnings], [false, []], word);
    for (const word of [...YES, '']) assert.equal(with_({ NX_CLOUD_UPLOAD_LOGS: word }).uploadLogs, true, word);
  });
  test('what is not understood is said, and privacy wins', () => {
    for (const word of UNCLEAR) {
      const { uploadLogs, warnings } = with_({ NX_CLOUD_UPLOAD_LOGS: word });
      assert.equal(uploadLogs, false);
      assert.match(warnings.join(), /NX_CLOUD_UPLOAD_LOGS is ".*", which is neither true nor false: logs are not uploaded/);
    }
    const off = with_({ NX_NO_CLOUD: 'perhaps' });
    assert.match(String(off.off), /NX_NO_CLOUD is "perhaps".*the server is not used/);
    assert.equal(off.offUnclear, true);
    for (const name of ['NX_SKIP_REMOTE_CACHE', 'NX_DISABLE_REMOTE_CACHE', 'NX_SKIP_NX_CACHE', 'NX_DISABLE_NX_CACHE']) {
      assert.equal(with_({ [name]: 'perhaps' }).cache, false, name);
    }
    assert.equal(with_({ NX_CLOUD_NO_TIMEOUTS: 'perhaps' }).noTimeouts, false);
    assert.match(with_({ NX_CLOUD_UPLOAD_LOGS: `\u001b[2J${'x'.repeat(500)}` }).warnings.join(), /^NX_CLOUD_UPLOAD_LOGS is " \[2Jx{20,40}", /);
  });
  test('the same spellings count for all', () => {
    for (const word of YES) {
      assert.equal(with_({ NX_NO_CLOUD: word }).off, 'NX_NO_CLOUD is set', word);
      assert.equal(with_({ NX_DISABLE_REMOTE_CACHE: word }).cache, false, word);
      assert.equal(with_({ NX_CLOUD_NO_TIMEOUTS: word }).noTimeouts, true, word);
      assert.match(String(with_({}, { neverConnectToCloud: word }).off), /neverConnectToCloud/);
    }
    for (const word of NO) assert.deepEqual([with_({ NX_NO_CLOUD: word }).off, with_({ NX_SKIP_NX_CACHE: word }).cache], [undefined, true], word);
  });
  test('a file says what the environment does not', async () => {
    await writeFile(join(workspace.folder, 'nx-cloud.env'), 'NX_CLOUD_UPLOAD_LOGS=Off\n');
    assert.equal(with_({}).uploadLogs, false);
    assert.equal(with_({ NX_CLOUD_UPLOAD_LOGS: '' }).uploadLogs, false);
    assert.equal(with_({ NX_CLOUD_UPLOAD_LOGS: 'yes' }).uploadLogs, true);
  });
  test('a short key is said, a long one is not', () => {
    for (const [key, short] of [['hunter2', true], ['x'.repeat(19), true], ['🚀'.repeat(10), true], ['x'.repeat(20), false]] as const) {
      assert.equal(with_({ NX_CLOUD_ENCRYPTION_KEY: key }).warnings.some((line) => /key is short/.test(line)), short, key);
      assert.ok(!with_({ NX_CLOUD_ENCRYPTION_KEY: key }).warnings.join().includes(key));
    }
  });
  test('an address is used as it is meant', () => {
    const ROWS: [string, string | undefined][] = [
      ['https://Buildkeep.Example.com/', 'https://buildkeep.example.com'], ['https://a.example:443/nx//', 'https://a.example/nx'],
      ['https://münchen.example', 'https://xn--mnchen-3ya.example'], ['https://a.example/?x=1#y', 'https://a.example'],
      ['https://ada:secret@a.example', undefined], ['https://token@a.example', undefined], ['ftp://a', undefined], ['http:a', undefined], ['a b', undefined], ['https://', undefined],
    ];
    for (const [given, used] of ROWS) assert.equal(serverAddress(given), used, given);
  });
});

describe('a command', () => {
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
  const write = (name: string, text: string | object) => writeFile(join(workspace.folder, name), typeof text === 'string' ? text : JSON.stringify(text));
  const NONE = { NX_CLOUD_API: '', NX_CLOUD_ACCESS_TOKEN: '' };

  for (const [name, nxJson, more] of [
    ['a file that nx.json extends', { extends: './base.json' }, 'base.json'],
    ['a package that nx.json extends', { extends: 'presets/nx.json' }, 'node_modules/presets/nx.json'],
  ] as const) {
    test(`sees the workspace in ${name}`, async () => {
      await mkdir(join(workspace.folder, 'node_modules', 'presets'), { recursive: true });
      await write('nx.json', nxJson);
      await write(more, { nxCloudId: ID, nxCloudUrl: fake.url, extends: './never-read.json' });
      for (const args of [['whoami'], ['doctor']]) {
        const { code, text } = await workspace.cli('', args, NONE);
        assert.equal(code, 0, text);
        assert.ok(text.includes(fake.url), text);
      }
      assert.match((await workspace.cli('', ['record', '--', 'true'], NONE)).text, /run: http/);
      assert.equal(fake.asked('GET /api/v1/whoami')[0]?.headers['nx-cloud-id'], ID);
    });
  }
  test('takes what stands in nx.json before what it extends', async () => {
    await write('base.json', { nxCloudId: 'f'.repeat(24), nxCloudUrl: 'http://127.0.0.1:9' });
    await write('nx.json', { extends: './base.json', nxCloudId: ID, nxCloudUrl: fake.url });
    assert.equal((await workspace.cli('', ['whoami'], NONE)).code, 0);
    assert.equal(fake.seen[0]?.headers['nx-cloud-id'], ID);
  });
  test('survives an extends that leads nowhere, and a mark at the start of the file', async () => {
    await write('nx.json', `\uFEFF${JSON.stringify({ extends: './nothing.json', nxCloudId: ID, nxCloudUrl: fake.url })}`);
    assert.equal((await workspace.cli('', ['whoami'], NONE)).code, 0);
  });
  test('sees the .env files that builds see', async () => {
    await write('.env', `NX_CLOUD_API=http://127.0.0.1:9\nNX_CLOUD_ACCESS_TOKEN=bkci_from_the_file_of_all\n`);
    await write('.local.env', `HOST=${fake.url}\nNX_CLOUD_API="\${HOST}"\n`);
    const { code, text } = await workspace.cli('', ['whoami'], { NX_CLOUD_API: undefined as never, NX_CLOUD_ACCESS_TOKEN: undefined as never });
    assert.equal(code, 0, text);
    assert.equal(fake.seen[0]?.headers.authorization, 'Bearer bkci_from_the_file_of_all');
  });
  test('gives a recorded command its own environment', async () => {
    await write('.env', 'SEEN=by builds\n');
    const { text } = await workspace.cli(fake, ['record', '--', 'echo "seen: ${SEEN:-nothing}"']);
    assert.match(text, /seen: nothing/);
  });
  test('is told what is wrong with an address or a token, and never the secret in it', async () => {
    for (const [env, words] of [
      [{ NX_CLOUD_API: 'https://ada:hunter2@example.com' }, /without a user or password/],
      [{ NX_CLOUD_ACCESS_TOKEN: 'bkci_hunter2\u201d' }, /holds characters that none has/],
    ] as const) {
      for (const args of [['whoami'], ['doctor']]) {
        const { code, text } = await workspace.cli(fake, args, env);
        assert.equal(code, 1);
        assert.match(text, words);
        assert.ok(!text.includes('hunter2'), text);
      }
    }
  });
});

describe('a build says', () => {
  const built = async (env: Record<string, string>) => {
    const fake = await Fake.start();
    const workspace = await Workspace.create();
    try {
      const { said: lines, code } = await workspace.nx(fake, { tasks: 1, env });
      assert.equal(code, 0);
      return { lines: lines.join('\n'), fake };
    } finally {
      await fake.stop();
      await workspace.remove();
    }
  };
  test('which variables of the HTTP cache it does not use', async () => {
    const { lines } = await built({ NX_SELF_HOSTED_REMOTE_CACHE_SERVER: 'https://cache.example.com', NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN: 'hunter2' });
    assert.match(lines, /NX_SELF_HOSTED_REMOTE_CACHE_SERVER and NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN are set but not used/);
    assert.ok(!lines.includes('hunter2'));
    const off = await built({ NX_SELF_HOSTED_REMOTE_CACHE_SERVER: 'https://cache.example.com', NX_NO_CLOUD: 'yes' });
    assert.equal(off.lines, '', 'nx uses them then');
  });
  test('that logs beside a key are in clear, and that a key is short', async () => {
    const { lines } = await built({ NX_CLOUD_ENCRYPTION_KEY: 'short' });
    assert.match(lines, /key is short/);
    assert.match(lines, /1 stored\. Logs went to the server in clear: NX_CLOUD_UPLOAD_LOGS=false/);
    assert.doesNotMatch((await built({ NX_CLOUD_ENCRYPTION_KEY: 'x'.repeat(20), NX_CLOUD_UPLOAD_LOGS: 'no' })).lines, /in clear|short/);
    assert.doesNotMatch((await built({})).lines, /in clear/);
  });
  test('that a switch was not understood, also when it is off for that', async () => {
    const { lines, fake } = await built({ NX_NO_CLOUD: 'perhaps' });
    assert.match(lines, /NX_NO_CLOUD is "perhaps"/);
    assert.equal(fake.seen.length, 0);
    const logs = await built({ NX_CLOUD_UPLOAD_LOGS: 'perhaps' });
    assert.match(logs.lines, /NX_CLOUD_UPLOAD_LOGS is "perhaps".*logs are not uploaded/);
    assert.ok([...logs.fake.runs.values()][0]!.reports.every((report: any) => report.logs.length === 0));
  });
});
