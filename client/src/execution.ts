// The secret of a CI execution: whoever knows it belongs to it. The number that a CI system gives is no secret, so the
// first command of an execution on this machine makes one up, or all machines are given NX_CLOUD_EXECUTION_KEY.
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SHAPE = /^[0-9a-f]{64}$/;

function read(file: string): string | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return SHAPE.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The key of this execution on this machine: made by whoever comes first, the same for all others. */
function localKey(executionId: string, folder: string): string | undefined {
  const name = createHash('sha256').update(`buildkeep execution ${executionId}`).digest('hex').slice(0, 32);
  const file = join(folder, `buildkeep-execution-${name}`);
  const there = read(file);
  if (there) return there;
  const fresh = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(fresh, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
    // A link fails when another one was faster, and never shows half a file.
    linkSync(fresh, file);
  } catch {
    // The winner's counts.
  }
  try {
    rmSync(fresh, { force: true });
  } catch {}
  return read(file);
}

/** 64 hex characters for `Buildkeep-Execution`; none when there is nowhere to keep a key. */
export function executionSecret(executionId: string, folder: string, key?: string): string | undefined {
  const material = key ?? localKey(executionId, folder);
  if (!material) return undefined;
  return Buffer.from(hkdfSync('sha256', material, executionId, 'buildkeep execution', 32)).toString('hex');
}
