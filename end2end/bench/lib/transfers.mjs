// Requests a second of GET and PUT, by wrk, taking the servers in turn so that what else happens on the machine hits all of them.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const SCRIPT = fileURLToPath(new URL('../load.lua', import.meta.url));
export const SIZES = [
  { label: '1 KiB', bytes: 1024, first: 100, count: 64, connections: 32 },
  { label: '100 KiB', bytes: 100 * 1024, first: 200, count: 64, connections: 32 },
  { label: '10 MiB', bytes: 10 * 1024 * 1024, first: 300, count: 8, connections: 8 },
];
// New names for every PUT round: this much room for each.
const ROOM = 1_000_000_000;
let putRound = 0;

export const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** A valid gzip archive of exactly this many bytes that does not compress. */
export function archive(bytes) {
  let size = bytes;
  for (;;) {
    const packed = gzipSync(randomBytes(size), { level: 0 });
    if (packed.length === bytes) return packed;
    size -= packed.length - bytes;
  }
}

const address = (server, name) => `http://127.0.0.1:${server.port}${server.path.replace('%s', name)}`;

/** Puts the artifacts that GET rounds read into every server, and the PUT bodies into files. */
export async function prepare(servers, folder) {
  for (const size of SIZES) {
    size.file = join(folder, `body-${size.bytes}`);
    await writeFile(size.file, archive(size.bytes));
    for (let i = 1; i <= size.count; i += 1) {
      const name = String(size.first + i);
      const body = archive(size.bytes);
      for (const server of servers) {
        if (server.files) await writeFile(join(server.files, name), body);
        else await stored(server, name, body);
      }
    }
  }
}

async function stored(server, name, body) {
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/octet-stream' };
  const answer = await fetch(address(server, name), { method: 'PUT', headers, body });
  if (!answer.ok) throw new Error(`${server.name} answered ${answer.status} to a PUT of ${body.length} bytes.`);
}

/** One run of wrk; answers requests a second. Anything that was not served makes it worthless. */
async function run(server, method, size, seconds) {
  const first = method === 'PUT' ? (putRound += 1) * ROOM : size.first;
  const words = ['-t2', `-c${size.connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', SCRIPT, `http://127.0.0.1:${server.port}`,
    '--', method, server.path, String(first), method === 'PUT' ? size.file : String(size.count)];
  const { stdout } = await promisify(execFile)('wrk', words, { env: { PATH: process.env.PATH, TOKEN: server.token } });
  const seen = JSON.parse(stdout.trim().split('\n').pop());
  const what = `${method} of ${size.label} at ${server.name}`;
  if (seen.requests === 0) throw new Error(`Not one ${what} was answered in ${seconds} s.`);
  if (seen.refused + seen.broken > 0) throw new Error(`${what}: ${seen.refused} of ${seen.requests} requests were refused and ${seen.broken} broke.`);
  if (method === 'GET' && seen.bytes < seen.requests * size.bytes) throw new Error(`${what}: answers were shorter than the artifact.`);
  // wrk asks the script for the first request only to look at it.
  if (method === 'PUT') await readable(server, String(first + 2), size, what);
  return seen.requests / (seen.microseconds / 1e6);
}

async function readable(server, name, size, what) {
  const answer = await fetch(address(server, name), { headers: { authorization: `Bearer ${server.token}` } });
  const body = await answer.arrayBuffer();
  if (answer.status !== 200 || body.byteLength !== size.bytes) throw new Error(`${what}: what was put could not be read back.`);
}

/** Median requests a second for every method, size and server. */
export async function measure(servers, { rounds, seconds }) {
  const results = [];
  for (const method of ['GET', 'PUT']) {
    for (const size of SIZES) {
      const able = servers.filter((server) => method === 'GET' || server.puts);
      const rates = Object.fromEntries(able.map((server) => [server.name, []]));
      for (const server of able) await run(server, method, size, 1);
      for (let round = 0; round < rounds; round += 1) {
        for (const server of able) rates[server.name].push(await run(server, method, size, seconds));
      }
      const rate = Object.fromEntries(Object.entries(rates).map(([name, seen]) => [name, median(seen)]));
      console.error(`${method} ${size.label}: ${Object.entries(rates).map(([name, seen]) => `${name} ${seen.map(Math.round).join(' ')}`).join(' · ')}`);
      results.push({ method, size, rate });
    }
  }
  return results;
}
