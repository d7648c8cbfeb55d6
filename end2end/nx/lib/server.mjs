// Starts, stops and kills a real `buildkeep` on a data folder, and runs its operator commands there.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const target = fileURLToPath(new URL('../../../target/', import.meta.url));
/** Of everyone here. */
export const PASSWORD = 'correct horse battery staple';
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** The program under test: BUILDKEEP_BIN, else the debug build, else the release build. */
export function binary() {
  const found = [process.env.BUILDKEEP_BIN, `${target}debug/buildkeep`, `${target}release/buildkeep`]
    .find((path) => path && existsSync(path));
  if (!found) throw new Error('No buildkeep program was found: run `cargo leptos build` first, or set BUILDKEEP_BIN.');
  return found;
}

// Settings of the caller's shell must not reach the server under test.
function environment(extra) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('BUILDKEEP_') && !name.startsWith('NODE_TEST'));
  return { ...Object.fromEntries(kept), ...extra };
}

/** A port that nobody listens on at this moment. */
export function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** One operator command with `--json`; answers the object it printed. */
export async function admin(data, args, { input = '', env = {} } = {}) {
  const words = ['--data', data, 'admin', ...args, '--json'];
  const run = promisify(execFile)(binary(), words, { env: environment(env) });
  // A command that reads nothing may be gone before this is written.
  run.child.stdin.on('error', () => {});
  run.child.stdin.end(input);
  try {
    return JSON.parse((await run).stdout);
  } catch (error) {
    throw new Error(`buildkeep admin ${args.join(' ')} failed: ${error.stderr || error.message}`);
  }
}

/** The exit code and the text of `buildkeep doctor` on a data folder. */
export async function doctor(data) {
  return new Promise((done) => {
    execFile(binary(), ['--data', data, 'doctor'], { env: environment({}) }, (error, stdout, stderr) =>
      done({ code: error ? error.code : 0, text: stdout + stderr }));
  });
}

/** An organization with an Admin and one workspace; answers how to make and revoke its tokens. */
export async function workspaceOf(data, options = {}) {
  const email = 'ada@example.com';
  await admin(data, ['user', 'create', '--email', email, '--name', 'Ada', '--password-stdin'],
    { ...options, input: `${PASSWORD}\n` });
  await admin(data, ['org', 'create', '--slug', 'acme', '--name', 'Acme', '--admin', email], options);
  const workspace = await admin(data, ['workspace', 'create', '--org', 'acme', '--name', 'shop'], options);
  return {
    ...workspace,
    token: (name, access) => admin(data, ['token', 'create', '--org', 'acme', '--workspace', 'shop',
      '--name', name, '--access', access, '--expires', 'never'], options),
    revoke: (id) => admin(data, ['token', 'revoke', '--id', id], options),
  };
}

/** A running server; `log` holds the end of what it printed. */
export class Server {
  constructor(data, port, env, files) {
    Object.assign(this, { data, port, url: `http://127.0.0.1:${port}`, log: '' });
    const command = [binary(), 'serve', '--data', data, '--listen', `127.0.0.1:${port}`];
    // `files`: how many it may have open at once.
    if (files) command.unshift('sh', '-c', `ulimit -n ${files} && exec "$0" "$@"`);
    this.child = spawn(command[0], command.slice(1), { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (text) => { this.log = (this.log + text).slice(-8000); });
    }
    this.ended = new Promise((done) => {
      this.child.once('error', (error) => { this.log += error.message; done(); });
      this.child.once('exit', () => done());
    });
    this.ended.then(() => { this.gone = true; });
  }

  static async start(data, { port, env = {}, files } = {}) {
    const server = new Server(data, port ?? await freePort(), env, files);
    await server.ready();
    return server;
  }

  async ready(seconds = 60) {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end && !this.gone) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      await answer?.arrayBuffer().catch(() => null);
      if (answer?.status === 200) return;
      await sleep(10);
    }
    await this.kill();
    throw new Error(`The server on ${this.data} did not become ready; it said:\n${this.log}`);
  }

  /** Ends the server the kind way, as an operator does. */
  async stop() {
    this.child.kill('SIGTERM');
    await this.ended;
  }

  /** Ends the server the hard way: nothing of it runs after the signal. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** GET of one artifact: status, content type and body. */
  async artifact(hash, token) {
    const answer = await fetch(`${this.url}/v1/cache/${hash}`, { headers: { authorization: `Bearer ${token}` } });
    const body = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, type: answer.headers.get('content-type'), body };
  }
}
