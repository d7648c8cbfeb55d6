// One developer's or CI machine: a checkout of the same small workspace with its own home, caches and settings.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { link, manifest } from './install.mjs';

export const PROJECTS = ['app', 'big', 'notes'];
export const BIG = 31 * 1024 * 1024;

// Every build carries something random, so that equal results prove that they were moved and not made twice.
// With MEETING set, a build of notes waits until a second one is at the same place.
const SCRIPTS = {
  notes: `import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
const meeting = process.env.MEETING;
if (meeting) {
  mkdirSync(meeting, { recursive: true });
  writeFileSync(meeting + '/' + randomUUID(), '');
  while (readdirSync(meeting).length < 2) await new Promise((done) => setTimeout(done, 20));
}
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist/empty', { recursive: true });
copyFileSync('source.txt', 'dist/notes.txt');
symlinkSync('notes.txt', 'dist/latest.txt');
writeFileSync('dist/run.sh', '#!/bin/sh\\n', { mode: 0o755 });
writeFileSync('dist/id.txt', randomUUID());
console.log('notes built äöü', randomUUID());
`,
  big: `import { mkdirSync, writeFileSync } from 'node:fs';
import { randomBytes, randomUUID } from 'node:crypto';
mkdirSync('dist', { recursive: true });
writeFileSync('dist/big.bin', randomBytes(${BIG}));
console.log('big built', randomUUID());
`,
  app: `import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
mkdirSync('dist', { recursive: true });
const words = [readFileSync('../notes/dist/latest.txt', 'utf8'), statSync('../big/dist/big.bin').size, randomUUID()];
writeFileSync('dist/app.txt', words.join('\\n'));
console.log('app built', randomUUID());
`,
};

const NX_JSON = { analytics: false, targetDefaults: { build: { cache: true, dependsOn: ['^build'] } } };

function project(name) {
  return {
    name,
    implicitDependencies: name === 'app' ? ['big', 'notes'] : [],
    targets: { build: { command: 'node build.mjs', options: { cwd: name }, outputs: ['{projectRoot}/dist'] } },
  };
}

export class Machine {
  constructor(folder) {
    this.folder = folder;
    this.workspace = join(folder, 'shop');
    this.cache = join(folder, 'nx-cache');
    this.home = join(folder, 'home');
  }

  /** A new checkout in `folder`, with nx linked from where `install` put it. */
  static async create(folder, version, place) {
    const machine = new Machine(folder);
    for (const name of ['home', 'tmp']) await mkdir(join(folder, name), { recursive: true });
    const write = async (path, text) => {
      await mkdir(join(machine.workspace, path, '..'), { recursive: true });
      await writeFile(join(machine.workspace, path), text);
    };
    await write('package.json', manifest(version));
    await write('nx.json', JSON.stringify(NX_JSON, null, 2));
    await write('.gitignore', 'node_modules\ndist\n.nx\n');
    for (const name of PROJECTS) {
      await write(`${name}/project.json`, JSON.stringify(project(name), null, 2));
      await write(`${name}/build.mjs`, SCRIPTS[name]);
      await write(`${name}/source.txt`, `${name}: first words\n`);
    }
    await link(place, machine.workspace);
    return machine;
  }

  /** Changes the source of one project, and with it the hash of everything that depends on it. */
  edit(name, text) {
    return writeFile(join(this.workspace, name, 'source.txt'), text);
  }

  /** Forgets all that was ever built here: outputs and local caches. Who is logged in stays so. */
  async forget() {
    const outputs = PROJECTS.map((name) => join(this.workspace, name, 'dist'));
    const home = (await readdir(this.home)).filter((name) => name !== '.config').map((name) => join(this.home, name));
    const places = [...outputs, ...home, this.cache, join(this.folder, 'nx-data'), join(this.workspace, '.nx')];
    for (const place of places) await rm(place, { recursive: true, force: true });
  }

  /** Changes `nx.json`. */
  async configure(more) {
    const file = join(this.workspace, 'nx.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...more }, null, 2));
  }

  /** Makes the checkout a git repository with one commit: without any, nx 18 hashes outputs, too. */
  async commit(message = 'first', branch = 'main') {
    const git = (...args) => promisify(execFile)('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: this.workspace });
    await git('init', '-q', '-b', branch);
    await git('add', '.');
    await git('commit', '-q', '-m', message);
    return (await git('rev-parse', 'HEAD')).stdout.trim();
  }

  /** `nx run-many -t build`; answers the exit code, the text and, per task, its hash and how the cache served it. */
  async build({ url, token, args = [], env = {} }) {
    await rm(join(this.cache, 'run.json'), { force: true });
    const started = Date.now();
    const { code, text } = await this.nx(['run-many', '-t', 'build', '--outputStyle=static', ...args], {
      ...(url ? { NX_SELF_HOSTED_REMOTE_CACHE_SERVER: url } : {}),
      ...(token ? { NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN: token } : {}),
      ...env,
    });
    const record = await readFile(join(this.cache, 'run.json'), 'utf8').catch(() => '{"tasks":[]}');
    const tasks = {};
    for (const { projectName, hash, cacheStatus, status } of JSON.parse(record).tasks) {
      const file = join(this.cache, 'terminalOutputs', hash ?? '');
      tasks[projectName] = { hash, cacheStatus, status, said: await readFile(file, 'utf8').catch(() => null) };
    }
    return { code, text, tasks, seconds: (Date.now() - started) / 1000 };
  }

  nx(args, env) {
    return this.start('nx', args, env).ended;
  }

  /** A command of the client that the server gave out. */
  cloud(args, env) {
    return this.start('nx-cloud', args, env).ended;
  }

  /** Starts a program of nx. `text` grows while it runs; `kill` ends it with all that it started, `interrupt` is Ctrl+C. */
  start(program, args, env) {
    const clean = {
      PATH: process.env.PATH, HOME: this.home, TMPDIR: join(this.folder, 'tmp'), LANG: 'C.UTF-8',
      CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0', NX_DAEMON: 'false', NX_TUI: 'false',
      NX_CACHE_DIRECTORY: this.cache, NX_WORKSPACE_DATA_DIRECTORY: join(this.folder, 'nx-data'), ...env,
    };
    const child = spawn(join('node_modules', '.bin', program), args, { cwd: this.workspace, env: clean, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const signal = (name) => () => {
      try {
        process.kill(-child.pid, name);
      } catch {}
    };
    const running = { text: '', kill: signal('SIGKILL'), interrupt: signal('SIGINT') };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => { running.text += part; });
    const late = setTimeout(running.kill, 180_000);
    running.ended = new Promise((done, fail) => {
      child.once('error', fail);
      child.once('close', (code, signal) => done({ code: code ?? signal, text: running.text }));
    }).finally(() => clearTimeout(late));
    return running;
  }

  /** What lies in the outputs: one line per entry, with the target of a link or the digest of a file. */
  async outputs() {
    const lines = [];
    const walk = async (path) => {
      for (const name of (await readdir(join(this.workspace, path)).catch(() => [])).sort()) {
        const at = `${path}/${name}`;
        const full = join(this.workspace, at);
        const seen = await lstat(full);
        if (seen.isDirectory()) {
          lines.push(`${at}/`);
          await walk(at);
        } else if (seen.isSymbolicLink()) {
          lines.push(`${at} -> ${await readlink(full)}`);
        } else {
          const digest = createHash('sha256').update(await readFile(full)).digest('hex');
          lines.push(`${at} ${seen.mode & 0o100 ? 'x' : '-'} ${seen.size} ${digest}`);
        }
      }
    };
    for (const name of PROJECTS) await walk(`${name}/dist`);
    return lines;
  }
}
