import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { credential, describe as words, foundIn, masked } from '../src/credentials.ts';
import { executionSecret } from '../src/execution.ts';
import { forget, keep, logins, place, places } from '../src/ini.ts';
import { type Options, settings } from '../src/settings.ts';

const URL = 'https://buildkeep.example.com';
let folder: string;
let before: NodeJS.ProcessEnv;

beforeEach(async () => {
  before = { ...process.env };
  folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  for (const name of Object.keys(process.env)) if (/^NX_|CI/.test(name)) delete process.env[name];
  process.env.XDG_CONFIG_HOME = join(folder, 'config');
});
afterEach(async () => {
  process.env = before;
  await rm(folder, { recursive: true, force: true });
});

interface Given {
  env?: Record<string, string>;
  file?: string;
  nxJson?: object;
  pat?: string;
  options?: Options;
}

async function found({ env = {}, file, nxJson = {}, pat, options }: Given) {
  Object.assign(process.env, env);
  if (file) await writeFile(join(folder, 'nx-cloud.env'), file);
  await writeFile(join(folder, 'nx.json'), JSON.stringify({ nxCloudUrl: URL, ...nxJson }));
  if (pat) keep(URL, pat);
  return credential(settings(folder, options ? { options } : undefined));
}

const ALL: Required<Omit<Given, 'options'>> = {
  env: { NX_CLOUD_ACCESS_TOKEN: 'from-env', NX_CLOUD_AUTH_TOKEN: 'from-alias' }, file: 'NX_CLOUD_ACCESS_TOKEN=from-file\n',
  nxJson: { nxCloudAccessToken: 'from-json', nxCloudId: 'the-id' }, pat: 'from-ini',
};
const options = (given: object) => ({ tasksRunnerOptions: { default: { runner: 'nx-cloud', options: given } } });

describe('the credential is', () => {
  const ROWS: [string, Given, string | undefined, string][] = [
    ['the environment before all others', ALL, 'from-env', 'environment'],
    ['the alias in the environment before any file', { ...ALL, env: { NX_CLOUD_AUTH_TOKEN: 'from-alias' } }, 'from-alias', 'environment'],
    ['nx-cloud.env before nx.json', { ...ALL, env: {} }, 'from-file', 'nx-cloud.env'],
    ['the alias in nx-cloud.env', { ...ALL, env: {}, file: 'export NX_CLOUD_AUTH_TOKEN="quoted" # words\n' }, 'quoted', 'nx-cloud.env'],
    ['nx.json before a login', { nxJson: ALL.nxJson, pat: 'from-ini' }, 'from-json', 'nx.json'],
    ['the runner option before nxCloudAccessToken', { nxJson: { ...ALL.nxJson, ...options({ accessToken: 'from-runner' }) } }, 'from-runner', 'nx.json'],
    ['the option that nx passes', { nxJson: {}, options: { accessToken: 'passed' } }, 'passed', 'nx.json'],
    ['a login with nxCloudId', { nxJson: { nxCloudId: 'the-id' }, pat: 'from-ini' }, 'from-ini', 'ini'],
    ['a login with the id of the runner option', { nxJson: options({ nxCloudId: 'the-id' }), pat: 'from-ini' }, 'from-ini', 'ini'],
    ['the id alone', { nxJson: { nxCloudId: 'the-id' } }, undefined, 'nx.json'],
    ['an empty variable for none', { env: { NX_CLOUD_ACCESS_TOKEN: ' ' }, nxJson: { nxCloudAccessToken: 'from-json' } }, 'from-json', 'nx.json'],
  ];
  for (const [name, given, token, source] of ROWS) {
    test(name, async () => {
      const one = await found(given);
      assert.equal(one?.token, token);
      assert.equal(one?.source, source === 'ini' ? place() : source);
      const told = { environment: 'environment', 'nx-cloud.env': 'file', 'nx.json': 'nx_json', ini: 'login' };
      assert.equal(foundIn(one!), told[source as keyof typeof told], 'what the server is told');
      if (JSON.stringify(given).includes('the-id')) assert.equal(one?.nxCloudId, 'the-id');
    });
  }
  test('none without an id, also with a login', async () => assert.equal(await found({ pat: 'from-ini' }), undefined));
  test('never the login at another server', async () => {
    keep('https://other.example.com', 'other');
    assert.equal((await found({ nxJson: { nxCloudId: 'the-id' } }))?.token, undefined);
  });
  test('never printed', async () => {
    const one = await found({ env: { NX_CLOUD_ACCESS_TOKEN: 'bkci_0123456789abcdefghijABCD' } });
    assert.equal(words(one!), 'token bkci_…ABCD from the environment');
    assert.equal(masked('short'), '…');
  });
});

describe('settings', () => {
  const urlOf = async (env: Record<string, string>, nxJson: object, given?: Options) => {
    Object.assign(process.env, env);
    await writeFile(join(folder, 'nx.json'), JSON.stringify(nxJson));
    return settings(folder, given ? { options: given } : undefined);
  };
  test('take the address from NX_CLOUD_API, then the option, then nx.json; never make one up', async () => {
    assert.equal((await urlOf({}, {})).url, undefined);
    assert.equal((await urlOf({}, { nxCloudUrl: 'https://a/' })).url, 'https://a');
    assert.equal((await urlOf({}, { nxCloudUrl: 'https://a', ...options({ url: 'https://b' }) })).url, 'https://b');
    assert.equal((await urlOf({}, { nxCloudUrl: 'https://a' }, { url: 'https://c' })).url, 'https://c');
    assert.equal((await urlOf({ NX_CLOUD_API: 'https://d/x//' }, { nxCloudUrl: 'https://a' }, { url: 'https://c' })).url, 'https://d/x');
  });
  test('know every way to switch it off', async () => {
    assert.match((await urlOf({}, {}, { cloud: false })).off ?? '', /--no-cloud/);
    assert.match((await urlOf({}, { neverConnectToCloud: true })).off ?? '', /neverConnectToCloud/);
    assert.match((await urlOf({ NX_NO_CLOUD: 'true' }, {})).off ?? '', /NX_NO_CLOUD/);
    delete process.env.NX_NO_CLOUD;
    for (const given of [{ skipNxCache: true }, { skipRemoteCache: true }]) assert.equal((await urlOf({}, {}, given)).cache, false);
    for (const name of ['NX_SKIP_REMOTE_CACHE', 'NX_DISABLE_REMOTE_CACHE']) {
      assert.equal((await urlOf({ [name]: 'true' }, {})).cache, false);
      delete process.env[name];
    }
    assert.equal((await urlOf({}, {})).cache, true);
  });
  test('survive an nx.json that is none', async () => {
    await writeFile(join(folder, 'nx.json'), '[1, 2');
    assert.equal(settings(folder).url, undefined);
  });
});

describe('nxcloud.ini', () => {
  test('is where others look for it', () => {
    assert.deepEqual(places({}, 'linux', '/home/ada'), ['/home/ada/.nxcloud.ini', '/home/ada/.config/nxcloud/nxcloud.ini']);
    assert.equal(places({ XDG_CONFIG_HOME: '/x' }, 'darwin', '/h')[0], '/x/nxcloud/nxcloud.ini');
  });
  test('keeps one section per server, with dots escaped, readable for its owner only', async () => {
    const path = keep('https://a.example.com/', 'one');
    keep('http://127.0.0.1:3000/nx', 'two');
    keep('https://a.example.com', 'three');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.match(await readFile(path, 'utf8'), /^\[https:\/\/a\\\.example\\\.com\]\npersonalAccessToken=three$/m);
    assert.deepEqual([...logins()], [['https://a.example.com', 'three'], ['http://127.0.0.1:3000/nx', 'two']]);
    forget('https://a.example.com');
    assert.deepEqual([...logins().keys()], ['http://127.0.0.1:3000/nx']);
  });
  test('closes a file that was open to others', async () => {
    const path = keep('https://a', 'one');
    await chmod(path, 0o644);
    keep('https://b', 'two');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });
  test('reads what others wrote', async () => {
    await mkdir(join(folder, 'config', 'nxcloud'), { recursive: true });
    await writeFile(place(), '[https://cloud\\.nx\\.app]\npersonalAccessToken=theirs\nother=1\n\n[https://b\\.c]\npersonalAccessToken = "quoted=;#"\n');
    assert.deepEqual([...logins()], [['https://cloud.nx.app', 'theirs'], ['https://b.c', 'quoted=;#']]);
    keep('https://cloud.nx.app', 'ours');
    assert.match(await readFile(place(), 'utf8'), /other=1/);
  });
});

describe('the secret of an execution', () => {
  test('is the same for all commands of it on this machine', async () => {
    const one = executionSecret('run-1', folder);
    assert.match(one ?? '', /^[0-9a-f]{64}$/);
    assert.equal(executionSecret('run-1', folder), one);
    assert.notEqual(executionSecret('run-2', folder), one);
    const [file] = (await import('node:fs')).readdirSync(folder).filter((name) => name.startsWith('buildkeep-execution'));
    assert.equal((await stat(join(folder, file as string))).mode & 0o777, 0o600);
    assert.ok(!(await readFile(join(folder, file as string), 'utf8')).includes(one as string));
  });
  test('is not known to who knows the number of the execution', async () => {
    const other = await mkdtemp(join(tmpdir(), 'other-'));
    assert.notEqual(executionSecret('run-1', other), executionSecret('run-1', folder));
    await rm(other, { recursive: true });
  });
  test('is shared by machines with one NX_CLOUD_EXECUTION_KEY', () => {
    assert.equal(executionSecret('run-1', '/nowhere', 'key'), executionSecret('run-1', folder, 'key'));
    assert.notEqual(executionSecret('run-2', folder, 'key'), executionSecret('run-1', folder, 'key'));
  });
  test('is none when it can be kept nowhere', () => assert.equal(executionSecret('run-1', '/dev/null/nowhere'), undefined));
});
