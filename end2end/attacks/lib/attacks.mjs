// The attacks. Each goes on until it is told to stop, and tells what happened to it.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect as connectByHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]);
/** Each attack comes from an address of its own on this machine, so that it is not mixed up with the proxy or with whoever works. */
const places = { silent: '127.0.1.1', preface: '127.0.1.2', heads: '127.0.1.3', forms: '127.0.1.4', downloads: '127.0.1.5', uploads: '127.0.1.6', reports: '127.0.1.7', writes: '127.0.1.8', readers: '127.0.1.9' };

function open({ port }, from, said = '') {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from });
  socket.on('error', () => {});
  socket.on('connect', () => socket.write(said));
  return socket;
}

/** Keeps so many connections; each that is closed is opened again. `drip` is sent again and again. */
async function keep(world, control, name, from, count, said, drip, unread = false) {
  const sockets = new Set();
  const add = () => {
    const socket = open(world, from, typeof said === 'function' ? said() : said);
    control.note(name);
    if (unread) socket.pause();
    else socket.resume();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  while (!control.over()) {
    for (let wave = 0; sockets.size < count && wave < 100; wave += 1) add();
    if (drip) for (const socket of sockets) if (socket.writable) socket.write(drip);
    await sleep(500);
  }
  for (const socket of sockets) socket.destroy();
}

const head = (lines) => `${lines.join('\r\n')}\r\n\r\n`;

export const silent = (world, control) => keep(world, control, 'silent connections', places.silent, 400, '');
export const preface = (world, control) => keep(world, control, 'HTTP/2 prefaces', places.preface, 400, PREFACE);
export const drippingHeads = (world, control) => keep(world, control, 'dripping heads', places.heads, 300, 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', 'x');
export const drippingForms = (world, control) => keep(world, control, 'dripping forms', places.forms, 300, head([
  'POST /do/accounts/sign-in HTTP/1.1', 'Host: localhost', `Origin: ${world.url}`, 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 5000',
]), 'a');

export const unreadDownloads = (world, control) => Promise.all([
  // By the id of a workspace that nobody has claimed, and by a token of an organization.
  keep(world, control, 'unread downloads', places.downloads, 520, head([`GET /w/${world.unclaimed}/v1/cache/1 HTTP/1.1`, 'Host: localhost']), '', true),
  keep(world, control, 'unread downloads', places.uploads, 520, head(['GET /v1/cache/1 HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${world.token}`]), '', true),
]);

/** The same over HTTP/2, where one connection has many answers that nobody makes room for. */
export async function unreadStreams(world, control) {
  const sessions = new Set();
  while (!control.over()) {
    while (sessions.size < 10) {
      const session = connectByHttp2(world.url, { localAddress: '127.0.1.13', settings: { initialWindowSize: 0 } });
      session.on('error', () => {});
      session.once('close', () => sessions.delete(session));
      sessions.add(session);
      for (let n = 0; n < 60; n += 1) {
        const stream = session.request({ ':path': '/v1/cache/1', authorization: `Bearer ${world.token}` });
        stream.on('error', () => {});
        control.note('unread streams');
      }
    }
    await sleep(500);
  }
  for (const session of sessions) session.destroy();
}

const upload = (path) => () => head([
  `PUT ${path}/${randomBytes(8).toString('hex')} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/octet-stream', 'Content-Length: 20000000',
]);
export const drippingUploads = (world, control) => keep(world, control, 'dripping uploads', '127.0.1.10', 300, upload(`/w/${world.unclaimed}/v1/cache`), 'x');

export const drippingReports = (world, control) => keep(world, control, 'dripping reports', places.reports, 200, head([
  'POST /api/v1/runs/run_01hzzzzzzzzzzzzzzzzzzzzzzz/report HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${world.token}`,
  `Buildkeep-Run-Key: ${'0'.repeat(64)}`, 'Content-Length: 1000000',
]), '{');

/** A request whose answer is read; its status, or nothing when there was none. */
function ask(agent, world, method, path, { headers = {}, body = '' } = {}) {
  return new Promise((done) => {
    const asked = request({ host: '127.0.0.1', port: world.port, agent, method, path, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (answer) => {
      answer.resume();
      answer.once('close', () => done(answer.statusCode));
    });
    asked.once('error', () => done(undefined));
    asked.end(body);
  });
}

/** Asks again and again, so often a second, over so many connections. */
async function flood(world, control, name, { each, perSecond, sockets, localAddress }) {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, localAddress });
  const turn = async (number) => {
    for (let n = number; !control.over(); n += sockets) {
      const status = await each(agent, n);
      control.note(`${name} ${status ?? 'cut'}`);
      await sleep((1000 * sockets) / perSecond);
    }
  };
  await Promise.all(Array.from({ length: sockets }, (_, number) => turn(number)));
  agent.destroy();
}

const noise = gzipSync(randomBytes(60 << 20), { level: 0 });
export const unclaimedFlood = (world, control) => flood(world, control, 'unclaimed', {
  perSecond: 2, sockets: 4, localAddress: places.writes,
  each: (agent, n) => ask(agent, world, 'PUT', `/w/${world.unclaimed}/v1/cache/${1000 + n}`, { headers: { 'content-type': 'application/octet-stream' }, body: noise }),
});

export const runFlood = (world, control) => flood(world, control, 'run', {
  perSecond: 40, sockets: 8, localAddress: places.writes,
  each: (agent, n) => ask(agent, world, 'POST', '/api/v1/runs', {
    headers: { 'nx-cloud-id': world.id, 'content-type': 'application/json' },
    body: JSON.stringify({
      key: randomBytes(32).toString('hex'), command: `nx build ${n}`, started_at: new Date().toISOString(), branch: 'x'.repeat(400), nx_version: '24.0.6', client_version: '1.0.0',
      node_version: '22.1.0', machine: { id: 'evil', platform: 'linux', cpu_cores: 8 }, cache: true, tasks: 1,
    }),
  }),
});

const page = (path, cookie) => head([`GET ${path} HTTP/1.1`, 'Host: localhost', 'Accept: text/html', `Cookie: ${cookie}`]);
export const unreadLogs = (world, control) => keep(world, control, 'unread logs', places.readers, 60, page(world.log, world.cookie), '', true);
export const unreadPages = (world, control) => keep(world, control, 'unread pages', '127.0.1.11', 60, page(world.page, world.cookie), '', true);

export const madeUpMethods = (world, control) => flood(world, control, 'method', {
  perSecond: 100, sockets: 4, localAddress: '127.0.1.12',
  each: (agent, n) => new Promise((done) => {
    const socket = open(world, '127.0.1.12', head([`MADEUP${n}${randomBytes(20).toString('hex')} /v1/cache/1 HTTP/1.1`, 'Host: localhost', 'Connection: close']));
    socket.resume();
    socket.once('close', () => done('made up'));
  }),
});

/** One of the many addresses that somebody has: each /64 of a /48 has a share, and each /64 has many. */
const address = (n) => `2001:db8:66:${(n % 50).toString(16)}::${n.toString(16)}`;
const form = (world, from) => ({ origin: world.url, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-for': from });

export const signIns = (world, control) => flood(world, control, 'sign-in', {
  perSecond: 60, sockets: 40,
  each: (agent, n) => ask(agent, world, 'POST', '/do/accounts/sign-in', { headers: form(world, address(n)), body: `email=nobody${n}%40example.com&password=wrong+password` }),
});

export const terminals = (world, control) => flood(world, control, 'terminal', {
  perSecond: 40, sockets: 8,
  each: (agent, n) => ask(agent, world, 'POST', '/api/v1/logins', { headers: { 'x-forwarded-for': address(n) }, body: '{"device":"laptop"}' }),
});

export const wrongPasswords = (world, control) => flood(world, control, 'wrong password', {
  perSecond: 3, sockets: 3,
  each: (agent, n) => ask(agent, world, 'POST', '/do/accounts/sign-in', {
    headers: form(world, `198.51.100.${n % 200}`), body: `email=${encodeURIComponent(world.victim.email)}&password=wrong+password+${n}`,
  }),
});
