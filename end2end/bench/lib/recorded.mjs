// Tells a server of runs, as Buildkeep's client does.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';

export const TASKS = 50;
/** A run at the upper end of what there is: tasks, and those of them that have long logs. */
export const LARGE = { tasks: 10_000, logs: 10, mebibytes: 200 };
const LOG = 'compiled 42 files, wrote dist/out.js\n'.repeat(20);
const PIECE = 256 << 10;

const now = () => new Date().toISOString();

function task(first, number, more) {
  const [project, target] = [`p${Math.floor((first + number) / 5)}`, `t${(first + number) % 5}`];
  return { number, attempt: 1, id: `${project}:${target}`, project, target, cacheable: true, hash: String(first * 1000 + number), status: 'running', started_at: now(), ...more };
}

const ended = (number) => ({ status: 'success', cache: number % 3 ? 'remote_hit' : 'miss', code: 0, ended_at: now() });

/** Lines that are not all the same. */
function longLog(piece) {
  let text = '';
  for (let line = 0; text.length < PIECE - 100; line += 1) text += `${piece}/${line} compiled src/lib/part-${(piece * 31 + line * 17) % 9973}.ts in ${line % 97} ms\n`;
  return text.padEnd(PIECE - 1, '.') + '\n';
}

function post(agent, server, path, token, body, headers = {}) {
  return new Promise((done, fail) => {
    const sent = JSON.stringify(body);
    request(`${server.url}${path}`, {
      agent, method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent), ...headers },
    }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.once('end', () => {
        const text = Buffer.concat(parts).toString();
        if (answer.statusCode < 300) done(text && JSON.parse(text));
        else fail(new Error(`${path} was answered ${answer.statusCode}: ${text}`));
      });
    }).once('error', fail).end(sent);
  });
}

/** Somebody who runs nx again and again: one connection, one token, one address. */
export class Recorder {
  constructor(server, token, address) {
    Object.assign(this, { server, token, agent: new Agent({ keepAlive: true, maxSockets: 1 }), from: { 'x-forwarded-for': address } });
  }

  async start(tasks) {
    const key = randomBytes(32).toString('hex');
    const { run } = await post(this.agent, this.server, '/api/v1/runs', this.token, {
      key, command: 'nx run-many -t build', started_at: now(), branch: 'main', commit: { sha: '1a2b3c', title: 'Mend it', author: 'Grace Hopper' },
      ci: { provider: 'github', execution_id: key.slice(0, 12) }, nx_version: '24.0.6', client_version: '1.0.0', node_version: '22.1.0',
      machine: { id: 'bench', platform: 'linux', cpu_cores: 8 }, cache: true, tasks,
    }, this.from);
    return { ...run, tell: (what, body) => post(this.agent, this.server, `/api/v1/runs/${run.id}/${what}`, this.token, body, { 'buildkeep-run-key': key }) };
  }

  /** One run of 50 tasks from its start to its end; `first` is the number of the first of its tasks in the workspace. */
  async record(first = 0) {
    const run = await this.start(TASKS);
    const numbers = Array.from({ length: TASKS }, (_, number) => number);
    await run.tell('report', { tasks: numbers.map((number) => task(first, number)) });
    await run.tell('report', {
      tasks: numbers.map((number) => task(first, number, ended(number))),
      logs: numbers.map((number) => ({ task: number, attempt: 1, piece: 0, text: LOG })),
    });
    await run.tell('end', { ended_at: now(), status: 'success' });
    return run;
  }

  /** One run of 10 000 tasks with 200 MiB of logs, 20 MiB for each of its first ten tasks. */
  async recordLarge() {
    const run = await this.start(LARGE.tasks);
    for (let from = 0; from < LARGE.tasks; from += 500) {
      await run.tell('report', { tasks: Array.from({ length: 500 }, (_, n) => task(0, from + n, ended(from + n))) });
    }
    for (let number = 0; number < LARGE.logs; number += 1) {
      // As much as a report takes, in pieces as large as they may be.
      for (let from = 0; from < 80; from += 20) {
        await run.tell('report', { logs: Array.from({ length: 20 }, (_, n) => ({ task: number, attempt: 1, piece: from + n, text: longLog(from + n) })) });
      }
    }
    await run.tell('end', { ended_at: now(), status: 'success' });
    return run;
  }

  close() {
    this.agent.destroy();
  }
}
