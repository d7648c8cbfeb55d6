// What being connected costs: `nx run-many` of tasks that the local cache has, with nx alone and with Buildkeep's client.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { install, link, manifest } from '../../nx/lib/install.mjs';
import { Server, workspaceOf } from '../../nx/lib/server.mjs';

const PROJECTS = 200;
const versions = JSON.parse(await readFile(new URL('../../nx/versions.json', import.meta.url), 'utf8'));

async function workspace(folder, version) {
  const write = async (path, text) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('package.json', manifest(version));
  await write('nx.json', JSON.stringify({ analytics: false, targetDefaults: { build: { cache: true } } }));
  await write('.gitignore', 'node_modules\ndist\n.nx\n');
  for (let number = 0; number < PROJECTS; number += 1) {
    const name = `p${number}`;
    const build = { command: `mkdir -p dist && echo ${name} > dist/out.txt && echo built`, options: { cwd: name }, outputs: ['{projectRoot}/dist'] };
    await write(`${name}/project.json`, JSON.stringify({ name, targets: { build } }));
  }
  await link(await install(version), folder);
}

function nx(folder, home, env) {
  const clean = {
    PATH: process.env.PATH, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', CI: 'true', NO_COLOR: '1', NX_DAEMON: 'false', NX_TUI: 'false',
    NX_CACHE_DIRECTORY: join(home, 'cache'), NX_WORKSPACE_DATA_DIRECTORY: join(home, 'data'), ...env,
  };
  const started = performance.now();
  return new Promise((done, fail) => {
    const child = spawn(join('node_modules', '.bin', 'nx'), ['run-many', '-t', 'build', '--outputStyle=static'],
      { cwd: folder, env: clean, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => { text += part; });
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done({ milliseconds: performance.now() - started, text }) : fail(new Error(`nx failed:\n${text}`))));
  });
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Milliseconds of one command, for nx alone and connected: with a token that stores, and its runs recorded. */
export async function measureClient(folder, rounds = 7) {
  const version = versions[22];
  const place = join(folder, 'client');
  const [home, shop, data] = ['home', 'shop', 'data'].map((name) => join(place, name));
  await mkdir(home, { recursive: true });
  await workspace(shop, version);
  const acme = await workspaceOf(data);
  const { token } = await acme.token('bench', 'read-write');
  const server = await Server.start(data);
  try {
    const ways = { alone: {}, connected: { NX_CLOUD_API: server.url, NX_CLOUD_ACCESS_TOKEN: token } };
    // Fills the caches, and brings the client.
    for (const env of Object.values(ways)) await nx(shop, home, env);
    const times = { alone: [], connected: [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const [way, env] of Object.entries(ways)) {
        const { milliseconds, text } = await nx(shop, home, env);
        if (!text.includes('200')) throw new Error(`nx did not run 200 tasks:\n${text}`);
        if (way === 'connected' && !text.includes('/runs/')) throw new Error(`the run was not recorded:\n${text}`);
        times[way].push(milliseconds);
      }
    }
    return { version, tasks: PROJECTS, alone: median(times.alone), connected: median(times.connected) };
  } finally {
    await server.stop();
  }
}
