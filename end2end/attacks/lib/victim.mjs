// Somebody who works: builds read and write the cache and record their runs, and people look at pages and send forms.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { archive } from '../../bench/lib/transfers.mjs';
import { PASSWORD } from '../../nx/lib/server.mjs';
import { signIn } from './world.mjs';

const HOME = '203.0.113.7';
const now = () => new Date().toISOString();

export class Victim {
  constructor(server, org) {
    Object.assign(this, { server, org, agent: new Agent({ keepAlive: true, maxSockets: 4 }), stored: 100 });
  }

  async prepare() {
    this.cookie = await signIn(this.server, this.org.email, HOME);
    this.small = archive(10 << 10);
    this.large = archive(1 << 20);
    for (const [hash, body] of [['1', this.small], ['2', this.large]]) await this.ask('PUT', `/v1/cache/${hash}`, 200, { token: true, body });
  }

  close() {
    this.agent.destroy();
  }

  /** Milliseconds to the last byte; fails when the status is another one, or the body not this long. */
  ask(method, path, status, { token = false, headers = {}, body = '', length } = {}) {
    const began = process.hrtime.bigint();
    const all = { 'x-forwarded-for': HOME, 'content-length': Buffer.byteLength(body), ...(token && { authorization: `Bearer ${this.org.token}` }), ...headers };
    return new Promise((done, fail) => {
      const asked = request({ host: '127.0.0.1', port: this.server.port, agent: this.agent, method, path, headers: all, timeout: 20_000 }, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.once('error', fail);
        answer.once('end', () => {
          const text = Buffer.concat(parts);
          if (answer.statusCode !== status) fail(new Error(`${answer.statusCode}: ${text.toString().slice(0, 200)}`));
          else if (length !== undefined && text.length !== length) fail(new Error(`${text.length} bytes`));
          else done({ ms: Number(process.hrtime.bigint() - began) / 1e6, text });
        });
      });
      asked.once('timeout', () => asked.destroy(new Error('no answer in 20 seconds')));
      // A connection that was kept may be closed at the moment when it is used; every client tries that again.
      asked.once('error', (error) => (asked.reusedSocket && error.code === 'ECONNRESET' ? done(this.ask(method, path, status, { token, headers, body, length })) : fail(error)));
      asked.end(body);
    });
  }

  form(path, fields, cookie = this.cookie) {
    const headers = { origin: this.server.url, accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', cookie };
    return this.ask('POST', path, 303, { headers, body: new URLSearchParams(fields).toString() });
  }

  async run() {
    const key = randomBytes(32).toString('hex');
    const json = (path, status, body) => this.ask('POST', path, status, { token: true, headers: { 'content-type': 'application/json', 'buildkeep-run-key': key }, body: JSON.stringify(body) });
    const started = await json('/api/v1/runs', 200, {
      key, command: 'nx build', started_at: now(), branch: 'main', nx_version: '24.0.6', client_version: '1.0.0', node_version: '22.1.0',
      machine: { id: 'mine', platform: 'linux', cpu_cores: 8 }, cache: true, tasks: 1,
    });
    const { run } = JSON.parse(started.text);
    const reported = await json(`/api/v1/runs/${run.id}/report`, 204, {
      tasks: [{ number: 0, attempt: 1, id: 'a:b', project: 'a', target: 'b', cacheable: true, status: 'success', started_at: now(), ended_at: now() }],
      logs: [{ task: 0, attempt: 1, piece: 0, text: 'built\n'.repeat(100) }],
    });
    const ended = await json(`/api/v1/runs/${run.id}/end`, 204, { ended_at: now(), status: 'success' });
    return { ms: started.ms + reported.ms + ended.ms };
  }

  /**
   * What is done again and again: how many milliseconds pass before it is done again, and a median that nobody would notice, for a
   * debug build on a machine whose two cores and disk attackers share.
   */
  deeds() {
    const { slug } = this.org;
    return {
      'hit of 10 KiB': [60, 50, () => this.ask('GET', '/v1/cache/1', 200, { token: true, length: this.small.length })],
      'hit of 1 MiB': [150, 80, () => this.ask('GET', '/v1/cache/2', 200, { token: true, length: this.large.length })],
      'artifact stored': [250, 150, () => this.ask('PUT', `/v1/cache/${this.stored += 1}`, 200, { token: true, body: this.small })],
      'run recorded': [700, 400, () => this.run()],
      'page': [400, 150, () => this.ask('GET', `/o/${slug}`, 200, { headers: { cookie: this.cookie, accept: 'text/html' } })],
      'form': [500, 200, () => this.form('/do/accounts/rename', { name: 'Ada' })],
      'sign-in': [4000, 1000, () => this.form('/do/accounts/sign-in', { email: this.org.email, password: PASSWORD }, '')],
      'health': [300, 50, () => this.ask('GET', '/healthz', 200)],
    };
  }

  /** Does all of it for so long; how often, how fast, and what was refused. */
  async work(seconds) {
    const end = Date.now() + seconds * 1000;
    const seen = {};
    const doing = Object.entries(this.deeds()).map(async ([what, [pause, unnoticed, act]]) => {
      const [times, refused] = [[], {}];
      while (Date.now() < end) {
        await act().then(({ ms }) => times.push(ms), ({ message }) => { refused[message] = (refused[message] ?? 0) + 1; });
        await sleep(pause);
      }
      times.sort((a, b) => a - b);
      const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Infinity;
      seen[what] = { count: times.length, median: at(0.5), most: at(0.95), refused, unnoticed };
    });
    await Promise.all(doing);
    return seen;
  }
}
