// TLS, proxies, and what attempts cost.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Api, nothing, Refused, retryAfter, Unreachable } from '../src/api.ts';
import { reprDigest } from '../src/download.ts';
import { limit } from '../src/limit.ts';
import { plain, size } from '../src/say.ts';
import { Workspace } from './support/command.ts';
import { Fake, type Fault } from './support/server.ts';
import { certificate, key } from './support/tls.ts';

const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

describe('https', () => {
  let fake: Fake;
  let workspace: Workspace;
  let folder: string;
  let proxied: string[] = [];
  let credentials: (string | undefined)[] = [];
  // TLS in front of the server in memory.
  const secure = createHttps({ cert: certificate, key }, (request, response) => (fake as any).answer(request, response));
  const proxy = createHttp((_, response) => response.writeHead(405).end()).on('connect', (request, socket) => {
    proxied.push(String(request.url));
    credentials.push(request.headers['proxy-authorization']);
    const upstream = connect(port(secure), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const one of [socket, upstream]) one.on('error', () => {});
  });

  before(async () => {
    fake = await Fake.start();
    workspace = await Workspace.create();
    folder = await mkdtemp(join(tmpdir(), 'tls-'));
    await writeFile(join(folder, 'ca.pem'), certificate);
    for (const server of [secure, proxy]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  after(async () => {
    secure.closeAllConnections();
    for (const server of [secure, proxy]) server.close();
    await fake.stop();
    await workspace.remove();
    await rm(folder, { recursive: true });
  });
  const trust = () => ({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });

  test('works with a certificate that is trusted', async () => {
    const { code, text } = await workspace.nx(`https://127.0.0.1:${port(secure)}`, { env: trust() });
    assert.equal(code, 0);
    assert.match(text, /3 stored/);
  });
  test('is not used with one that is not, and says why', async () => {
    await workspace.forget();
    const { code, said } = await workspace.nx(`https://127.0.0.1:${port(secure)}`);
    assert.equal(code, 0);
    assert.match(said.join('\n'), /self-signed certificate/);
  });
  test('goes through a proxy, with its user', async () => {
    await workspace.forget();
    const { text, results } = await workspace.nx('https://buildkeep.test', { env: { ...trust(), HTTPS_PROXY: `http://ada:p%40ss@127.0.0.1:${port(proxy)}` } });
    assert.equal(results?.['p0:build'], 'remote-cache', text);
    assert.ok(proxied.length > 0 && proxied.every((to) => to === 'buildkeep.test:443'));
    assert.equal(credentials[0], `Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
  });
  test('goes round it with NO_PROXY', async () => {
    proxied = [];
    await workspace.nx(`https://127.0.0.1:${port(secure)}`, { env: { ...trust(), https_proxy: `http://127.0.0.1:${port(proxy)}`, no_proxy: '127.0.0.1' } });
    assert.deepEqual(proxied, []);
  });
});

describe('a call', () => {
  const with_ = async <T>(fault: Fault, work: (api: Api, fake: Fake) => Promise<T>) => {
    const fake = await Fake.start();
    fake.faults.set('', (request, response, seen) => fault(request, response, seen) ?? true);
    try {
      return await work(new Api({ url: fake.url, version: '1' }), fake);
    } finally {
      await fake.stop();
    }
  };
  const ask = (api: Api) => api.json('GET', '/x', undefined, nothing);
  const status = (code: number, headers = {}, body = ''): Fault => (_, response) => void response.writeHead(code, headers).end(body);

  test('is tried three times, and after three failures no more', () => with_(status(500), async (api, fake) => {
    for (let round = 1; round <= 4; round += 1) await assert.rejects(ask(api), Unreachable);
    assert.equal(fake.seen.length, 9);
    assert.match(api.givenUp ?? '', /it answered 500/);
  }));
  test('that works makes up for earlier failures', async () => {
    let bad = 3;
    await with_((_, response) => void response.writeHead(bad-- > 0 ? 500 : 204).end(), async (api) => {
      await assert.rejects(ask(api));
      await ask(api);
      bad = 6;
      await assert.rejects(ask(api));
      await assert.rejects(ask(api));
      assert.equal(api.givenUp, undefined);
    });
  });
  test('waits as long as it is told, when that is not long', async () => {
    let times: number[] = [];
    await with_((_, response) => {
      times.push(Date.now());
      response.writeHead(times.length === 1 ? 429 : 204, { 'retry-after': '1' }).end();
    }, ask);
    assert.ok(times[1]! - times[0]! >= 990);
    times = [];
  });
  test('does not repeat a refusal', () => with_(status(403, {}, '{"code":"read_only","message":"No."}'), async (api, fake) => {
    await assert.rejects(ask(api), (error: Refused) => error.code === 'read_only' && error.message === 'No.');
    assert.equal(fake.seen.length, 1);
    assert.equal(api.givenUp, undefined);
  }));
  test('is not repeated where a token is refused', () => with_(status(401, {}, '{"code":"bad_token","message":"Revoked."}'), async (api, fake) => {
    await assert.rejects(ask(api), Refused);
    await assert.rejects(ask(api), Unreachable);
    assert.equal(fake.seen.length, 1);
  }));
});

test('Retry-After is seconds or a date', () => {
  assert.equal(retryAfter('3'), 3000);
  assert.equal(retryAfter('Thu, 01 Jan 1970 00:00:10 GMT', 4000), 6000);
  assert.equal(retryAfter('Thu, 01 Jan 1970 00:00:10 GMT', 40_000), 0);
  for (const odd of ['', undefined, 'soon', '-1']) assert.ok([undefined, 0].includes(retryAfter(odd) as never), String(odd));
});

test('Repr-Digest is read among others', () => {
  const hex = 'ab'.repeat(32);
  const value = Buffer.from(hex, 'hex').toString('base64');
  assert.equal(reprDigest(`sha-256=:${value}:`), hex);
  assert.equal(reprDigest(`sha-512=:x=:, sha-256=:${value}:`), hex);
  assert.equal(reprDigest(`sha-256=${value}`), undefined);
  assert.equal(reprDigest(undefined), undefined);
});

test('no more than so many run at once', async () => {
  const slot = limit(3);
  let running = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 20 }, (_, number) => slot(async () => {
    most = Math.max(most, running += 1);
    await new Promise((done) => setTimeout(done, 2));
    running -= 1;
    if (number % 3 === 0) throw new Error('one that fails frees its place');
  }).catch(() => {})));
  assert.deepEqual([most, running], [3, 0]);
});

test('words of others are one line without control characters', () => {
  assert.equal(plain('a\u001b[31m\r\nb\u202e\u0000c'), 'a [31m b c');
  assert.equal(plain('x'.repeat(400)).length, 301);
  assert.deepEqual([0, 1023, 1024, 5 << 20, 3 * 2 ** 40].map(size), ['0 B', '1023 B', '1.0 KiB', '5.0 MiB', '3072.0 GiB']);
});
