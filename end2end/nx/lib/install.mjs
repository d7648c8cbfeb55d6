// Brings one nx version from npm into a per-user cache, once; tests link it from there.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'buildkeep', 'nx');
const run = promisify(execFile);
// nx needs no install scripts: its native part is an optional dependency of its own.
const words = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=5'];

/** The folder with `node_modules` of exactly this nx version. */
export async function install(version) {
  const place = join(cache, version);
  const isThere = () => existsSync(join(place, 'node_modules', '.bin', 'nx'));
  if (isThere()) return place;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'new-'));
  await writeFile(join(fresh, 'package.json'), manifest(version));
  let failure;
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      await run('npm', words, { cwd: fresh, timeout: 300_000, maxBuffer: 1 << 26 });
      await move(fresh, place, isThere);
      return place;
    } catch (error) {
      failure = error;
    }
  }
  await rm(fresh, { recursive: true, force: true });
  throw new Error(`nx ${version} could not be installed from npm: check the network and run again. ${failure.stderr ?? failure.message}`);
}

async function move(fresh, place, isThere) {
  try {
    await rename(fresh, place);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
    // Another test may have been faster, and be copying it already: what is there whole stays.
    if (isThere()) return rm(fresh, { recursive: true, force: true });
    await rm(place, { recursive: true, force: true });
    await rename(fresh, place);
  }
}

/** The package.json of a workspace that uses this nx version. */
export function manifest(version) {
  return `${JSON.stringify({ name: 'shop', private: true, devDependencies: { nx: version } }, null, 2)}\n`;
}

/** Copies `node_modules` into a workspace by hard links where the file system allows it. */
export async function link(place, workspace) {
  const from = join(place, 'node_modules');
  await run('cp', ['-al', from, workspace]).catch(async () => {
    await rm(join(workspace, 'node_modules'), { recursive: true, force: true });
    await run('cp', ['-a', from, workspace]);
  });
  await run('cp', [join(place, 'package-lock.json'), workspace]);
}
