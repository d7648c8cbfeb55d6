// Files of people are changed in place: a link stays a link, and the file that it points to keeps its mode and its owner.
import { chmodSync, chownSync, closeSync, fsyncSync, mkdirSync, openSync, readlinkSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Links to follow where the last one points to nothing yet. */
const MOST_LINKS = 40;

/** Where the file really is, or would be. */
function target(file: string): string {
  let at = file;
  for (let link = 0; link < MOST_LINKS; link += 1) {
    try {
      return realpathSync(at);
    } catch {}
    try {
      at = resolve(dirname(at), readlinkSync(at));
    } catch {
      return at;
    }
  }
  return at;
}

function found(file: string) {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

/**
 * Replaces the content of a file: whole or not at all, where its folder and its owner allow that, else in place.
 * `mode` is for files that none but their owner may read; without it the file keeps its own.
 */
export function rewrite(file: string, content: string, mode?: number): void {
  const place = target(file);
  const before = found(place);
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  const wanted = mode ?? (before ? before.mode & 0o7777 : 0o666);
  // Another name of the same file would keep what was.
  if (!before || before.nlink === 1) {
    const fresh = `${place}.${process.pid}.tmp`;
    try {
      rmSync(fresh, { force: true });
      // Never readable by others, also not for a moment.
      const out = openSync(fresh, 'wx', before || mode !== undefined ? 0o600 : 0o666);
      try {
        writeFileSync(out, content);
        fsyncSync(out);
      } finally {
        closeSync(out);
      }
      if (before) sameOwner(fresh, before);
      if (before || mode !== undefined) chmodSync(fresh, wanted);
      renameSync(fresh, place);
      return;
    } catch (error) {
      rmSync(fresh, { force: true });
      if (!before || !['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  writeFileSync(place, content);
  if (mode !== undefined) chmodSync(place, mode);
}

function sameOwner(fresh: string, before: { uid: number; gid: number }): void {
  const now = statSync(fresh);
  if (now.uid !== before.uid || now.gid !== before.gid) chownSync(fresh, before.uid, before.gid);
}
