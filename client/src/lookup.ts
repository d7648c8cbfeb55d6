// Which hashes the server has: asked for many at once, so that a miss costs no request.
import { type Api, isFull, Refused } from './api.ts';
import type { Notes } from './say.ts';
import { type Found, type Known, type MissReason, found } from './shapes.ts';

const MOST_HASHES = 1000;

/** What is known of one hash. */
export type Lookup = { known: Known } | { miss: MissReason };

/** Hashes of nx are decimal numbers; nothing else goes into an address or a path. */
export const isHash = (hash: unknown): hash is string => typeof hash === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(hash);

export class Lookups {
  /** Where new artifacts go, as far as the server said. */
  store: Found['store'] | undefined;
  mostBytes = 0;
  /** Why the server could not be asked, when it could not; `isBack` when it could later. */
  unreachable: string | undefined;
  isBack = false;
  private readonly asked = new Map<string, Promise<Lookup>>();
  private waiting: { hash: string; answer: (found: Lookup) => void }[] = [];

  constructor(private readonly api: Api, private readonly notes: Notes) {}

  /** Asks for all of them now. */
  ask(hashes: string[]): void {
    for (const hash of hashes) void this.find(hash);
    this.send();
  }

  /** What the server has for this hash. */
  find(hash: string): Promise<Lookup> {
    let answer = this.asked.get(hash);
    if (!answer) {
      answer = new Promise((done) => this.waiting.push({ hash, answer: done }));
      this.asked.set(hash, answer);
      // Those that nx asks for in the same moment go together.
      if (this.waiting.length === 1) setImmediate(() => this.send());
    }
    return answer;
  }

  private send(): void {
    while (this.waiting.length > 0) void this.question(this.waiting.splice(0, MOST_HASHES));
  }

  private async question(some: { hash: string; answer: (found: Lookup) => void }[]): Promise<void> {
    let artifacts: Found['artifacts'] = {};
    let miss: MissReason = 'no_entry';
    try {
      const answer = await this.api.json('POST', '/api/v1/artifacts/lookup', { hashes: some.map(({ hash }) => hash) }, found);
      artifacts = answer.artifacts;
      this.isBack = this.unreachable !== undefined;
      this.mostBytes = answer.most_bytes;
      if (answer.store === 'over_limit') {
        this.notes.add('nothing new is stored: the organization has reached a limit of its plan; an Admin sees which under Usage.');
      }
      this.store = answer.store;
    } catch (error) {
      miss = error instanceof Refused && !isFull(error) ? 'no_right' : 'unreachable';
      if (error instanceof Refused) this.notes.add(`no remote cache for this command: ${words(error)}. The build goes on without it.`);
      else this.unreachable ??= words(error);
      this.isBack = false;
      // It may be back when the next one wants to know.
      if (miss === 'unreachable') for (const { hash } of some) this.asked.delete(hash);
    }
    for (const { hash, answer } of some) {
      const known = Object.hasOwn(artifacts, hash) ? artifacts[hash] : undefined;
      answer(known ? { known } : { miss });
    }
  }
}

/** An error as the middle of a sentence. */
export const words = (error: unknown): string => String((error as Error)?.message ?? error).replace(/[.\s]+$/, '') || 'an unknown fault';
