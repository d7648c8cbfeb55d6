// What nx leaves of the output of tasks in its cache folder, also of those whose output it hands to nobody.
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isHash } from './lookup.ts';
import { requireNx } from './nx.ts';

/** Bytes of a file that is read: what is larger, no server would take. */
const MOST_BYTES = 64 << 20;

/** nx's cache folders: nx 23 and newer keep it in the home folder, and only nx knows where. */
export function cacheFolders(root: string): string[] {
  const { cacheDir } = requireNx<{ cacheDir?: string }>('nx/src/utils/cache-directory') ?? {};
  const named = process.env.NX_CACHE_DIRECTORY;
  return [
    ...(named ? [isAbsolute(named) ? named : join(root, named)] : []), ...(cacheDir ? [cacheDir] : []),
    join(root, '.nx', 'cache'), join(root, 'node_modules', '.cache', 'nx'),
  ];
}

/** The file with the output of the task of this hash, and when it was written. */
export interface Left {
  writtenAt: number;
  text(): string | undefined;
}

export function left(folders: string[], hash: string | undefined): Left | undefined {
  if (!isHash(hash)) return undefined;
  for (const folder of folders) {
    const file = join(folder, 'terminalOutputs', hash);
    try {
      const { mtimeMs, size } = statSync(file);
      const text = () => {
        try {
          return size <= MOST_BYTES ? readFileSync(file, 'utf8') : undefined;
        } catch {
          return undefined;
        }
      };
      return { writtenAt: mtimeMs, text };
    } catch {}
  }
  return undefined;
}
