// Ctrl+C ends nx at once, and nothing may wait for the network then. So at the exit of the process a second, small one
// says goodbye to the server; it has one second.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Api, type Connection, nothing } from './api.ts';
import type { Recorder } from './recorder.ts';
import type { RunEnd } from './shapes.ts';

const LONGEST = 1_000;
/** The argument that makes the bundle such a process. */
export const GOODBYE = '--buildkeep-goodbye';

interface Farewell {
  connection: Connection;
  run: string;
  key: string;
}

/** Watches for an end of the process before the end of the run; answers how to stop watching. */
export function watchExit(connection: Connection, recorder: Recorder): () => void {
  const bye = () => {
    if (recorder.over || !recorder.run) return;
    const farewell: Farewell = { connection, run: recorder.run.id, key: recorder.key };
    try {
      // Secrets go through the pipe: arguments can be seen by everyone on the machine.
      spawnSync(process.execPath, [__filename, GOODBYE], {
        input: JSON.stringify(farewell), timeout: LONGEST, stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true,
        env: { ...process.env, NODE_OPTIONS: '' },
      });
    } catch {}
  };
  // Before all others: nx 20 ends the process for good in a listener of its own.
  process.prependOnceListener('exit', bye);
  return () => void process.removeListener('exit', bye);
}

/** The second process. */
export async function goodbye(): Promise<void> {
  const { connection, run, key } = JSON.parse(readFileSync(0, 'utf8')) as Farewell;
  const body: RunEnd = { ended_at: new Date().toISOString(), status: 'cancelled', lost_uploads: 0 };
  await new Api({ ...connection, noTimeouts: false }).json('POST', `/api/v1/runs/${run}/end`, body, nothing, {
    headers: { 'buildkeep-run-key': key }, deadline: LONGEST,
  });
}
