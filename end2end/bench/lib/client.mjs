// What being connected costs: `nx run-many` of 200 tiny tasks with nx alone (NX_NO_CLOUD) and with Buildkeep's client, when the
// local cache has all of them, when the server has, and when all are run and stored.
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Forgets what was built here, and with it the local cache; the client stays. */
async function forget(shop, home) {
  await Promise.all(Array.from({ length: PROJECTS }, (_, number) => rm(join(shop, `p${number}`, 'dist'), { recursive: true, force: true })));
  await rm(join(home, 'data'), { recursive: true, force: true });
  const cache = join(home, 'cache');
  for (const name of await readdir(cache).catch(() => [])) if (name !== 'cloud') await rm(join(cache, name), { recursive: true, force: true });
}

/** Every task gets another hash. */
const edit = (shop, words) => writeFile(join(shop, 'nx.json'), JSON.stringify({ analytics: false, words, targetDefaults: { build: { cache: true } } }));

async function measureVersion(folder, major, connected, rounds) {
  const place = join(folder, `client-${major}`);
  const [home, shop] = ['home', 'shop'].map((name) => join(place, name));
  await mkdir(home, { recursive: true });
  await workspace(shop, versions[major]);
  const ways = { alone: { NX_NO_CLOUD: 'true' }, connected };
  const times = Object.fromEntries(['run', 'local', 'remote'].map((what) => [what, { alone: [], connected: [] }]));
  const run = async (what, way, words) => {
    const { milliseconds, text } = await nx(shop, home, ways[way]);
    if (!text.includes('200')) throw new Error(`nx did not run 200 tasks:\n${text}`);
    if (way === 'connected' && !(text.includes('/runs/') && text.includes(words))) throw new Error(`the run was not as it should be:\n${text}`);
    times[what][way].push(milliseconds);
  };
  // Brings the client, and fills the caches of the disk.
  for (const env of Object.values(ways)) await nx(shop, home, env);
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ['alone', 'connected']) {
      await edit(shop, `${way} ${round}`);
      await forget(shop, home);
      await run('run', way, '200 stored');
      await run('local', way, '0 fetched, 0 stored');
      if (way === 'connected') {
        await forget(shop, home);
        await run('remote', way, '200 fetched');
      }
    }
  }
  times.remote.alone = times.local.alone;
  return { version: versions[major], tasks: PROJECTS, ...Object.fromEntries(Object.entries(times).map(([what, { alone, connected: with_ }]) => [what, { alone: median(alone), connected: median(with_) }])) };
}

/** Milliseconds of one command, for nx alone and connected: with a token that stores, and its runs recorded. */
export async function measureClient(folder, rounds = 5) {
  const data = join(folder, 'client-data');
  const acme = await workspaceOf(data);
  const { token } = await acme.token('bench', 'read-write');
  const server = await Server.start(data);
  try {
    const measured = [];
    for (const major of [22, 24]) measured.push(await measureVersion(folder, major, { NX_CLOUD_API: server.url, NX_CLOUD_ACCESS_TOKEN: token }, rounds));
    return measured;
  } finally {
    await server.stop();
  }
}
