// The remote cache as nx sees it, in both of its shapes. Whatever happens: `retrieve` answers a miss, `store` answers
// false, and nothing is thrown, because nx ends the build when it is.
import { randomUUID } from 'node:crypto';
import { lstat, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, Refused, Unreachable } from './api.ts';
import { type Borders, EVERYWHERE } from './borders.ts';
import { corner, Damaged, download, type Opener, placeV1, placeV2, type Unpacked } from './download.ts';
import { OtherKey, Tampered } from './encryption.ts';
import { limit } from './limit.ts';
import { isHash, Lookups, words } from './lookup.ts';
import type { Notes } from './say.ts';
import type { Known, MissReason } from './shapes.ts';
import { Uploads } from './upload.ts';

/** `options.remoteCache` of nx 17 to 19. */
export interface CacheV1 {
  retrieve(hash: string, cacheDirectory: string): Promise<boolean>;
  store(hash: string, cacheDirectory: string): Promise<boolean>;
}

/** `getRemoteCache()` of nx 20 and newer. */
export interface CacheV2 {
  retrieve(hash: string, cacheDirectory: string): Promise<{ outputsPath: string; terminalOutput: string; code: number } | null>;
  store(hash: string, cacheDirectory: string, terminalOutput: string, code: number): Promise<boolean>;
}

export interface CacheOptions {
  encryptionKey?: string | undefined;
  uploadLogs: boolean;
  noTimeouts: boolean;
  /** The workspace's Nx Cloud id, which encryption binds artifacts to. */
  nxCloudId: () => Promise<string | undefined>;
  /** What the result of this hash may reach. */
  borders?: (hash: string) => Borders;
}

const AT_ONCE = 10;
const DAY = 86_400_000;
/** What the server has is a failure: it counts as nothing. */
class Failed extends Error {}

const NO_LOG = '(The log of this task was not uploaded: NX_CLOUD_UPLOAD_LOGS is false.)\n';

export class RemoteCache {
  readonly uploads: Uploads;
  /** Results that came from the server. */
  hits = 0;
  private readonly lookups: Lookups;
  private readonly wanted = new Set<string>();
  private readonly misses = new Map<string, MissReason>();
  private readonly slot = limit(AT_ONCE);
  private readonly cleaned = new Set<string>();

  constructor(private readonly api: Api, private readonly notes: Notes, private readonly options: CacheOptions) {
    this.lookups = new Lookups(api, notes);
    this.uploads = new Uploads(api, notes);
  }

  /** Asks for what will surely be wanted. */
  expect(hashes: string[]): void {
    this.lookups.ask(hashes.filter(isHash));
  }

  /** What to say at the end of a server that could not be asked. */
  outage(): string | undefined {
    const { unreachable, isBack } = this.lookups;
    if (unreachable === undefined) return undefined;
    return isBack ? `the remote cache could not be reached for a while: ${unreachable}.` : `no remote cache for this command: ${unreachable}. The build goes on without it.`;
  }

  /** Why the server did not give this result. */
  missOf(hash: string): MissReason | undefined {
    return this.wanted.has(hash) ? this.misses.get(hash) : 'not_asked';
  }

  readonly v1: CacheV1 = {
    retrieve: (hash, folder) => this.fetch(hash, folder, async (unpacked, scratch) => {
      await placeV1(unpacked, folder, hash, scratch);
      return true;
    }).then((found) => found ?? false),
    store: (hash, folder) => this.keep(hash, folder, async () => ({
      folder: join(folder, hash, 'outputs'),
      terminalOutput: await readFile(join(folder, hash, 'terminalOutput'), 'utf8'),
      code: Number(await readFile(join(folder, hash, 'code'), 'utf8')) || 0,
    })),
  };

  readonly v2: CacheV2 = {
    retrieve: (hash, folder) => this.fetch(hash, folder, async (unpacked, scratch) => ({
      outputsPath: await placeV2(unpacked, folder, hash, scratch),
      terminalOutput: unpacked.terminalOutput,
      code: unpacked.code,
    })),
    store: (hash, folder, terminalOutput, code) => this.keep(hash, folder, async () => ({
      folder: join(folder, hash), terminalOutput: terminalOutput ?? '', code: code ?? 0,
    })),
  };

  private async fetch<T>(hash: string, folder: string, place: (unpacked: Unpacked, scratch: string) => Promise<T>): Promise<T | null> {
    try {
      if (!isHash(hash)) return null;
      this.wanted.add(hash);
      const found = await this.lookups.find(hash);
      if ('miss' in found) {
        this.misses.set(hash, found.miss);
        return null;
      }
      const opener = await this.opener();
      this.fits(found.known);
      return await this.slot(async () => {
        void this.clean(folder);
        const scratch = join(corner(folder), randomUUID());
        try {
          const unpacked = await download(this.api, hash, found.known, scratch, this.borders(hash), opener);
          // Older clients have stored them. What failed elsewhere may succeed here: it is run.
          if (unpacked.code !== 0) throw new Failed();
          const result = await place(unpacked, scratch);
          this.hits += 1;
          this.misses.delete(hash);
          return result;
        } finally {
          await rm(scratch, { recursive: true, force: true }).catch(() => {});
        }
      });
    } catch (error) {
      this.missed(hash, error);
      return null;
    }
  }

  private borders(hash: string): Borders {
    return this.options.borders?.(hash) ?? EVERYWHERE;
  }

  /** With a key, only what was encrypted with it is taken: else the server could hand out anything. */
  private fits({ format }: Known): void {
    const encrypted = format === 'encrypted';
    if (encrypted !== Boolean(this.options.encryptionKey)) throw new OtherKey(encrypted ? 'closed' : 'open');
  }

  private async opener(): Promise<Opener | undefined> {
    const key = this.options.encryptionKey;
    if (!key) return undefined;
    const nxCloudId = await this.options.nxCloudId();
    if (!nxCloudId) throw new Unreachable('the server did not say which workspace this is');
    return { key, nxCloudId };
  }

  private missed(hash: string, error: unknown): void {
    if (error instanceof Failed) {
      this.misses.set(hash, 'no_entry');
    } else if (error instanceof OtherKey) {
      this.misses.set(hash, 'other_key');
      this.notes.add(error.message === 'open' ? 'results that are not encrypted were not used, because an encryption key is set here.'
        : error.message === 'closed' ? 'results were not used, because they are encrypted: set NX_CLOUD_ENCRYPTION_KEY as where they were made.'
        : 'results were not used, because they are encrypted with another key: set the same NX_CLOUD_ENCRYPTION_KEY (or encryptionKey) everywhere.');
    } else if (error instanceof Damaged || error instanceof Tampered) {
      this.misses.set(hash, 'damaged');
      this.notes.add('a result from the remote cache was damaged or altered, and was not used; its task was run instead.');
    } else if (error instanceof Refused) {
      // It went away since the look-up, or the credential did.
      this.misses.set(hash, error.code === 'not_found' ? 'no_entry' : 'no_right');
      if (error.code !== 'not_found') this.notes.add(`no remote cache for this command: ${words(error)}. The build goes on without it.`);
    } else {
      this.misses.set(hash, 'unreachable');
      this.notes.add(`a result could not be fetched from the remote cache: ${words(error)}. Its task was run instead.`);
    }
  }

  private async keep(hash: string, folder: string, content: () => Promise<{ folder: string; terminalOutput: string; code: number }>): Promise<boolean> {
    try {
      if (!isHash(hash)) return false;
      const found = await this.lookups.find(hash);
      // The first one stays, whatever a second one is.
      if ('known' in found) return true;
      const { store, mostBytes } = this.lookups;
      if (store !== 'shared' && store !== 'execution') return false;
      if (this.uploads.full) {
        this.uploads.lost += 1;
        return false;
      }
      const opener = await this.opener();
      const whole = { ...await content(), borders: this.borders(hash) };
      // With NX_CACHE_FAILURES nx keeps failures, too. Here they would be for ever, for everybody.
      if (whole.code !== 0) return false;
      const hideLog = !this.options.uploadLogs && !opener;
      return await this.uploads.take(hash, hideLog ? { ...whole, terminalOutput: NO_LOG } : whole, folder, mostBytes, opener);
    } catch (error) {
      this.uploads.lost += 1;
      this.notes.add(`a result could not be stored in the remote cache: ${words(error)}.`);
      return false;
    }
  }

  /** Removes what killed commands left behind. */
  private async clean(folder: string): Promise<void> {
    if (this.cleaned.has(folder)) return;
    this.cleaned.add(folder);
    try {
      for (const name of await readdir(corner(folder))) {
        const path = join(corner(folder), name);
        if ((await lstat(path)).mtimeMs < Date.now() - DAY) await rm(path, { recursive: true, force: true });
      }
    } catch {}
  }
}
