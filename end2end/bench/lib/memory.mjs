// The most memory our server ever holds while 32 clients move artifacts of 100 MiB.
import { createReadStream, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { PORTS, buildkeep } from './contenders.mjs';
import { archive } from './transfers.mjs';

const CLIENTS = 32;
const BYTES = 100 * 1024 * 1024;

/** Peak resident memory of a process so far, in MiB. */
function peak(pid) {
  const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib[1]) / 1024;
}

function move(server, agent, method, name, file) {
  return new Promise((done, fail) => {
    const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/octet-stream' };
    if (method === 'PUT') headers['content-length'] = BYTES;
    const call = request({ host: '127.0.0.1', port: server.port, path: server.path.replace('%s', name), method, agent, headers });
    call.once('error', fail);
    call.once('response', (answer) => {
      let bytes = 0;
      answer.on('data', (part) => { bytes += part.length; });
      answer.once('error', fail);
      answer.once('end', () => {
        if (answer.statusCode !== 200) fail(new Error(`${method} of a 100 MiB artifact was answered ${answer.statusCode}.`));
        else if (method === 'GET' && bytes !== BYTES) fail(new Error(`GET of a 100 MiB artifact brought ${bytes} bytes.`));
        else done();
      });
    });
    if (method === 'PUT') createReadStream(file, { highWaterMark: 256 * 1024 }).pipe(call);
    else call.end();
  });
}

/** Peak memory after each phase, and how fast the bytes went. */
export async function measureMemory(folder) {
  const place = join(folder, 'memory');
  await mkdir(place, { recursive: true });
  const file = join(place, 'body');
  await writeFile(file, archive(BYTES));
  const server = await buildkeep(place, PORTS.memory);
  const agent = new Agent({ keepAlive: true });
  const phases = [];
  const phase = async (label, calls) => {
    const began = Date.now();
    await Promise.all(calls.map(([method, name]) => move(server, agent, method, String(name), file)));
    const rate = (calls.length * BYTES) / 1e6 / ((Date.now() - began) / 1000);
    phases.push({ label, rate, peak: peak(server.pid) });
  };
  const numbers = Array.from({ length: CLIENTS }, (_, i) => i + 1);
  try {
    phases.push({ label: 'idle, just started', rate: 0, peak: peak(server.pid) });
    await phase(`${CLIENTS} clients PUT`, numbers.map((i) => ['PUT', i]));
    await phase(`${CLIENTS} clients GET`, numbers.map((i) => ['GET', i]));
    await phase('half PUT, half GET', numbers.map((i) => (i % 2 === 0 ? ['GET', i] : ['PUT', CLIENTS + i])));
  } finally {
    agent.destroy();
    await server.stop();
    await rm(place, { recursive: true, force: true });
  }
  return phases;
}
