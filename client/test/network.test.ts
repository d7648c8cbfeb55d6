// TLS, proxies, and what attempts cost.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Api, nothing, Refused, retryAfter, Unreachable } from '../src/api.ts';
import { reprDigest } from '../src/download.ts';
import { limit } from '../src/limit.ts';
import { proxyFor } from '../src/proxy.ts';
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

  /** The same over TLS; asked for whole addresses, it is the server itself. */
  const secureProxy = createHttps({ cert: certificate, key }, (request, response) => {
    proxied.push(String(request.url));
    request.url = new URL(String(request.url)).pathname;
    void (fake as any).answer(request, response);
  }).on('connect', (request, socket, head) => void proxy.emit('connect', request, socket, head));

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
  const viaProxy = (env: Record<string, string>, url = 'https://buildkeep.test') => workspace.forget().then(() => workspace.nx(url, { tasks: 1, env: { ...trust(), ...env } }));
  test('goes through a proxy that is asked over TLS, with its token never in clear', async () => {
    const seen: Buffer[] = [];
    // What comes in front of TLS is what somebody on the way would see.
    const wire = createTcp((socket) => {
      const inner = connect(port(secureProxy), '127.0.0.1');
      socket.on('data', (part) => seen.push(part)).on('error', () => {});
      socket.pipe(inner.on('error', () => {})).pipe(socket);
    });
    for (const server of [secureProxy, wire]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      for (const url of ['https://buildkeep.test', 'http://plain.test']) {
        seen.length = 0;
        proxied = [];
        const { results, text } = await viaProxy({ HTTPS_PROXY: `https://ada:secret@127.0.0.1:${port(wire)}`, HTTP_PROXY: `https://ada:secret@127.0.0.1:${port(wire)}` }, url);
        assert.equal(results?.['p0:build'], 'remote-cache', text);
        assert.ok(proxied.length > 0, url);
        const bytes = Buffer.concat(seen).toString('latin1');
        assert.ok(bytes.length > 0 && !/authorization|bkci_|CONNECT|GET /i.test(bytes), url);
      }
    } finally {
      wire.close();
      secureProxy.closeAllConnections();
      secureProxy.close();
    }
  });
  const DEAD = 'http://127.0.0.1:9';
  for (const [name, url, env, words] of [
    ['that is not there', 'https://buildkeep.test', { HTTPS_PROXY: DEAD }, /was not asked: the proxy http:\/\/127\.0\.0\.1:9 \(HTTPS_PROXY\) cannot be used: the connection was refused\. *Check the proxy, or put the server into NO_PROXY/],
    ['that is not there, for a server without TLS', 'http://plain.test', { http_proxy: DEAD }, /the proxy http:\/\/127\.0\.0\.1:9 \(http_proxy\) cannot be used: the connection was refused/],
    ['for all, that is not there', 'https://buildkeep.test', { ALL_PROXY: DEAD }, /\(ALL_PROXY\) cannot be used/],
    ['whose name is unknown', 'https://buildkeep.test', { HTTPS_PROXY: 'proxy.invalid:3128' }, /the proxy http:\/\/proxy\.invalid:3128 .*name (is unknown|could not be looked up)/],
    ['of another kind', 'https://buildkeep.test', { ALL_PROXY: 'socks5://127.0.0.1:1080' }, /ALL_PROXY names a socks5 proxy, which this client cannot use/],
    ['that is no address', 'https://buildkeep.test', { HTTPS_PROXY: 'http://[nonsense' }, /HTTPS_PROXY is not the address of a proxy/],
  ] as [string, string, Record<string, string>, RegExp][]) {
    test(`names a proxy ${name}`, async () => {
      const { code, said } = await viaProxy(env, url);
      assert.equal(code, 0);
      assert.match(said.join('\n'), words);
      assert.doesNotMatch(said.join('\n'), /Check that it runs/);
    });
  }
  test('says what a proxy asks for, and never its password', async () => {
    const strict = createHttp((_, response) => void response.writeHead(407).end()).on('connect', (request, socket) => {
      credentials.push(request.headers['proxy-authorization']);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    });
    await new Promise<void>((done) => strict.listen(0, '127.0.0.1', done));
    try {
      for (const url of ['https://buildkeep.test', 'http://plain.test']) {
        // A percent sign that stands for nothing is one.
        const own = `http://ada:hunter2%zz@127.0.0.1:${port(strict)}`;
        const { said } = await viaProxy({ HTTPS_PROXY: own, HTTP_PROXY: own }, url);
        assert.match(said.join('\n'), /the proxy http:\/\/127\.0\.0\.1:\d+ \(HTTPS?_PROXY\) asks for a user and a password/);
        assert.doesNotMatch(said.join('\n'), /hunter2/);
      }
      assert.equal(credentials.at(-1), `Basic ${Buffer.from('ada:hunter2%zz').toString('base64')}`);
    } finally {
      strict.closeAllConnections();
      strict.close();
    }
  });
  test('names a proxy that hangs', { timeout: 60_000 }, async () => {
    const silent = createTcp((socket) => void socket.on('error', () => {}));
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    try {
      const { said } = await viaProxy({ HTTPS_PROXY: `http://127.0.0.1:${port(silent)}` });
      assert.match(said.join('\n'), /the proxy .* cannot be used: it did not answer in time/);
    } finally {
      silent.close();
    }
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

describe('the proxy of an address', () => {
  const NAMES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  const of = (env: Record<string, string>, url = 'https://a.example.com') => {
    const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
    for (const name of NAMES) delete process.env[name];
    Object.assign(process.env, env);
    try {
      return proxyFor(new URL(url))?.url.href;
    } finally {
      for (const name of NAMES) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  };
  test('is the one for its protocol, then the one for all', () => {
    assert.equal(of({}), undefined);
    assert.equal(of({ HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2', ALL_PROXY: 'http://r:3' }), 'http://p:1/');
    assert.equal(of({ HTTP_PROXY: 'http://q:2', ALL_PROXY: 'http://r:3' }), 'http://r:3/');
    assert.equal(of({ http_proxy: 'http://q:2', HTTP_PROXY: 'http://x:2' }, 'http://a'), 'http://q:2/');
    assert.equal(of({ HTTPS_PROXY: 'p:3128' }), 'http://p:3128/', 'without a protocol it is HTTP, also for a server with TLS');
    assert.equal(of({ HTTPS_PROXY: ' ' }), undefined);
    assert.equal(of({ HTTPS_PROXY: 'http://[::1]:3128' }), 'http://[::1]:3128/');
  });
  const ROUND: [string, string, boolean][] = [
    ['*', 'https://a.example.com', true], ['x,*', 'https://a.example.com', true], ['a.example.com', 'https://a.example.com', true], ['A.Example.COM.', 'https://a.example.com', true],
    ['example.com', 'https://a.example.com', true], ['.example.com', 'https://a.example.com', true], ['*.example.com', 'https://a.example.com', true], ['.example.com', 'https://example.com', true],
    ['ample.com', 'https://a.example.com', false], ['b.example.com', 'https://a.example.com', false], ['x, y  a.example.com', 'https://a.example.com', true],
    ['a.example.com:443', 'https://a.example.com', true], ['a.example.com:8443', 'https://a.example.com', false], ['a.example.com:8443', 'https://a.example.com:8443', true],
    ['10.0.0.0/8', 'https://10.1.2.3', true], ['10.0.0.0/8', 'https://11.1.2.3', false], ['10.0.0.1', 'https://10.0.0.1', true], ['10.0.0.0/99', 'https://10.0.0.1', false], ['0.0.1', 'https://10.0.0.1', false],
    ['::1', 'https://[::1]', true], ['[::1]', 'https://[::1]', true], ['[::1]:443', 'https://[::1]', true], ['[::1]:80', 'https://[::1]', false], ['fd00::/8', 'https://[fd12::1]', true], ['fd00::/8', 'https://[fe80::1]', false],
    ['localhost', 'http://localhost:3000', true], ['', 'https://a.example.com', false], [',', 'https://a.example.com', false],
  ];
  for (const [NO_PROXY, url, round] of ROUND) {
    test(`is ${round ? 'none' : 'there'} for ${url} with NO_PROXY=${NO_PROXY}`, () => assert.equal(of({ NO_PROXY, ALL_PROXY: 'http://p' }, url), round ? undefined : 'http://p/'));
  }
});
