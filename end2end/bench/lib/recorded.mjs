// Tells a server of runs, as Buildkeep's client does.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';

export const TASKS = 50;
const LOG = 'compiled 42 files, wrote dist/out.js\n'.repeat(20);

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

  /** One run of 50 tasks from its start to its end; `first` is the number of the first of its tasks in the workspace. */
  async record(first = 0) {
    const { server, token, agent } = this;
    const key = randomBytes(32).toString('hex');
    const now = () => new Date().toISOString();
    const { run } = await post(agent, server, '/api/v1/runs', token, {
      key, command: 'nx run-many -t build', started_at: now(), branch: 'main', commit: { sha: '1a2b3c', title: 'Mend it', author: 'Grace Hopper' },
      ci: { provider: 'github', execution_id: key.slice(0, 12) }, nx_version: '24.0.6', client_version: '1.0.0', node_version: '22.1.0',
      machine: { id: 'bench', platform: 'linux', cpu_cores: 8 }, cache: true, tasks: TASKS,
    }, this.from);
    const told = { 'buildkeep-run-key': key };
    const task = (number, more) => {
      const name = `p${Math.floor((first + number) / 5)}:t${(first + number) % 5}`;
      const [project, target] = name.split(':');
      return { number, attempt: 1, id: name, project, target, cacheable: true, hash: String(first * 1000 + number), status: 'running', started_at: now(), ...more };
    };
    const numbers = Array.from({ length: TASKS }, (_, number) => number);
    await post(agent, server, `/api/v1/runs/${run.id}/report`, token, { tasks: numbers.map((number) => task(number)) }, told);
    await post(agent, server, `/api/v1/runs/${run.id}/report`, token, {
      tasks: numbers.map((number) => task(number, { status: 'success', cache: number % 3 ? 'remote_hit' : 'miss', code: 0, ended_at: now() })),
      logs: numbers.map((number) => ({ task: number, attempt: 1, piece: 0, text: LOG })),
    }, told);
    await post(agent, server, `/api/v1/runs/${run.id}/end`, token, { ended_at: now(), status: 'success' }, told);
    return run;
  }

  close() {
    this.agent.destroy();
  }
}
