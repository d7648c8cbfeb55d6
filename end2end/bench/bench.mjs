// Measures everything in one go and prints one report; run.sh prepares what this needs.
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureClient } from './lib/client.mjs';
import { buildkeep, nginx, turbo } from './lib/contenders.mjs';
import { measureMemory } from './lib/memory.mjs';
import { measurePages } from './lib/pages.mjs';
import { report } from './lib/report.mjs';
import { measureRuns } from './lib/runs.mjs';
import { measure, prepare } from './lib/transfers.mjs';

const place = fileURLToPath(new URL('../../target/bench/', import.meta.url));
const settings = {
  rounds: Number(process.env.ROUNDS ?? 3),
  seconds: Number(process.env.SECONDS_EACH ?? 3),
  turbo: process.env.TURBO_VERSION,
  // Above 1, something else was running, and the numbers are worth little.
  load: loadavg()[0],
};

await mkdir(place, { recursive: true });
const { bavail, bsize } = await statfs(place);
if (bavail * bsize < 25e9) {
  console.error('The bench writes up to 25 GB for a while: free some space, then run it again.');
  process.exit(1);
}
const folder = await mkdtemp(join(place, 'run-'));
const failures = [];

/** One part of the bench; when it fails the others are measured all the same. */
async function part(name, act) {
  try {
    return await act();
  } catch (error) {
    failures.push(`${name} could not be measured: ${error.message}`);
    return undefined;
  }
}

async function transfers() {
  const servers = [];
  try {
    for (const start of [buildkeep, nginx, turbo]) servers.push(await start(folder));
    await prepare(servers, folder);
    return await measure(servers, settings);
  } finally {
    for (const server of servers) await server.stop();
  }
}

try {
  const measured = {
    transfers: await part('GET and PUT', transfers),
    client: await part('nx with the client', () => measureClient(folder)),
    memory: await part('Memory', () => measureMemory(folder)),
    pages: [
      await part('Pages on SQLite', () => measurePages(folder, 'sqlite')),
      await part('Pages on PostgreSQL', () => measurePages(folder, 'postgres', process.env.POSTGRES_URL)),
    ].flatMap((results) => results ?? []),
    runs: [
      await part('Runs on SQLite', () => measureRuns(folder, 'sqlite')),
      await part('Runs on PostgreSQL', () => measureRuns(folder, 'postgres', process.env.POSTGRES_URL)),
    ].filter(Boolean),
  };
  const text = report({ ...measured, failures, settings });
  await writeFile(join(place, 'latest.md'), text);
  console.log(text);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failures.length > 0 ? 1 : 0;
