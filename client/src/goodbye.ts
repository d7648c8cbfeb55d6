// Ctrl+C ends nx at once, and nothing may wait for the network then. So at the exit of the process a second, small one
// says goodbye to the server. nx waits a second for it at most; on a busy machine it goes on alone. The same is done when the
// server is away at the end of a run: how it ended is known here, and nowhere else.
import { spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api, type Connection, nothing, pause, Unreachable } from './api.ts';
import type { Recorder } from './recorder.ts';
import type { RunEnd } from './shapes.ts';

const NX_WAITS = 1_000;
const LONGEST = 10_000;
/** Milliseconds for a server that is away, and between two attempts. */
const PATIENT = 60_000;
const BETWEEN = 2_000;
/** The argument that makes the bundle such a process. */
export const GOODBYE = '--buildkeep-goodbye';

interface Farewell {
  connection: Connection;
  run: string;
  key: string;
  /** How it ended, when nx was not stopped. */
  body?: RunEnd;
}

/** Watches for an end of the process before the end of the run; answers how to stop watching. */
export function watchExit(connection: Connection, recorder: Recorder): () => void {
  const bye = () => {
    if (recorder.over || !recorder.run) return;
    try {
      send(JSON.stringify({ connection, run: recorder.run.id, key: recorder.key } satisfies Farewell));
    } catch {}
  };
  // Before all others: nx 20 ends the process for good in a listener of its own.
  process.prependOnceListener('exit', bye);
  return () => void process.removeListener('exit', bye);
}

/** Tells the end later, in the background: whether that is tried. */
export function sayLater(connection: Connection, recorder: Recorder): boolean {
  if (!recorder.run || !recorder.unsaid || process.platform === 'win32') return false;
  try {
    send(JSON.stringify({ connection, run: recorder.run.id, key: recorder.key, body: recorder.unsaid } satisfies Farewell), 0);
    return true;
  } catch {
    return false;
  }
}

function send(farewell: string, wait = NX_WAITS): void {
  const args = [__filename, GOODBYE];
  const env = { ...process.env, NODE_OPTIONS: '' };
  // Secrets go through what the process reads: arguments can be seen by everyone on the machine.
  if (process.platform === 'win32') {
    spawnSync(process.execPath, args, { env, input: farewell, timeout: NX_WAITS, stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true });
    return;
  }
  // Two files without a name: what it reads, and where it says that it is done. Nothing of them stays, whoever dies.
  const folder = mkdtempSync(join(tmpdir(), 'buildkeep-'));
  let files: number[] = [];
  try {
    writeFileSync(join(folder, 'in'), farewell, { mode: 0o600 });
    files = [openSync(join(folder, 'in'), 'r'), openSync(join(folder, 'out'), 'w+', 0o600)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const stdio: StdioOptions = [...files, 'ignore'];
  spawn(process.execPath, args, { env, stdio, detached: true }).on('error', () => {}).unref();
  const nap = new Int32Array(new SharedArrayBuffer(4));
  for (const end = Date.now() + wait; Date.now() < end && fstatSync(files[1] as number).size === 0;) Atomics.wait(nap, 0, 0, 20);
  for (const file of files) closeSync(file);
}

/** The second process. */
export async function goodbye(): Promise<void> {
  const { connection, run, key, body } = JSON.parse(readFileSync(0, 'utf8')) as Farewell;
  const api = new Api({ ...connection, noTimeouts: false });
  const said = body ?? { ended_at: new Date().toISOString(), status: 'cancelled' as const, lost_uploads: 0 };
  try {
    for (const end = Date.now() + (body ? PATIENT : 0); ; await pause(BETWEEN)) {
      try {
        await api.json('POST', `/api/v1/runs/${run}/end`, said, nothing, { headers: { 'buildkeep-run-key': key }, deadline: LONGEST, insist: true });
        return;
      } catch (error) {
        if (!(error instanceof Unreachable) || Date.now() > end) throw error;
      }
    }
  } finally {
    process.stdout.write('done');
  }
}
