// Artifacts on their way to the server: packed while nx waits, sent in the background, waited for at the end.
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { type Api, isFull, PATIENCE, Refused, transferTime, Unreachable } from './api.ts';
import { BadArchive, type Content, isSmall, packBytes, packInto, TooLarge } from './archive.ts';
import { corner } from './download.ts';
import { encrypt } from './encryption.ts';
import { limit } from './limit.ts';
import { words } from './lookup.ts';
import { type Notes, say, size } from './say.ts';
import { type Stored, stored } from './shapes.ts';

const AT_ONCE = 8;
/** Bytes of a result that is packed in memory, and of all of them that wait there. */
const SMALL = 256 << 10;
const MOST_IN_MEMORY = 64 << 20;
/** Milliseconds at the end of a command: for all of them, and without a byte. */
const LONGEST = 5 * 60_000;
const SILENCE = 30_000;
const FIRST_WORD = 3_000;
const NEXT_WORD = 10_000;
/** Milliseconds at the end of a command for a server that does not answer. */
const AWAY = 10_000;
/** Packed bytes that wait for it at most. */
const MOST_WAITING = 1 << 30;

interface Packed {
  /** Where it is: in a file, or here. */
  body: string | Buffer;
  bytes: number;
  sha256: Buffer;
}

export class Uploads {
  /** Who can read what was stored, by hash. */
  readonly stored = new Map<string, Stored['scope']>();
  /** Artifacts that should be there and are not. */
  lost = 0;
  /** Whether the server has said that it has no room. */
  full = false;
  private readonly slot = limit(AT_ONCE);
  private readonly open = new Map<string, { left: number; ended: Promise<void> }>();
  private inMemory = 0;
  private progressAt = 0;
  private ended = false;

  constructor(private readonly api: Api, private readonly notes: Notes) {}

  /** Packs now and sends later; false: there is nothing to send. */
  async take(hash: string, content: Content, cacheFolder: string, most: number, key?: { key: string; nxCloudId: string }): Promise<boolean> {
    const folder = corner(cacheFolder);
    const file = join(folder, randomUUID());
    let packed: Packed;
    try {
      const isLittle = !key && this.inMemory < MOST_IN_MEMORY && content.terminalOutput.length < SMALL / 3 && await isSmall(content.folder, SMALL);
      packed = isLittle ? await this.packLittle(content, most) : await this.pack(file, content, most, key && { ...key, hash });
    } catch (error) {
      await rm(file, { force: true }).catch(() => {});
      if (error instanceof BadArchive) {
        this.notes.add(`a result is not stored, because nx would not restore it: ${words(error)}.`);
        return false;
      }
      if (!(error instanceof TooLarge)) throw error;
      this.notes.add(`a result is not stored: it is larger than the ${size(most)} that the server takes.`);
      return false;
    }
    const entry = { left: packed.bytes, ended: Promise.resolve() };
    const inFile = typeof packed.body === 'string';
    if (!inFile) this.inMemory += packed.bytes;
    this.open.set(file, entry);
    entry.ended = this.slot(() => this.send(hash, packed, key !== undefined, entry))
      .catch((error: unknown) => this.failed(error))
      .then(() => (inFile ? rm(file, { force: true }) : void (this.inMemory -= packed.bytes)))
      .catch(() => {})
      .then(() => void this.open.delete(file));
    return true;
  }

  private async packLittle(content: Content, most: number): Promise<Packed> {
    const body = await packBytes(content);
    if (body.length > most) throw new TooLarge();
    return { body, bytes: body.length, sha256: createHash('sha256').update(body).digest() };
  }

  private async pack(file: string, content: Content, most: number, key?: { key: string; nxCloudId: string; hash: string }): Promise<Packed> {
    await mkdir(dirname(file), { recursive: true });
    const digest = createHash('sha256');
    let bytes = 0;
    const look = new Transform({
      transform(part: Buffer, _encoding, done) {
        bytes += part.length;
        digest.update(part);
        if (bytes > most) done(new TooLarge());
        else done(null, part);
      },
    });
    const cipher = key && await encrypt(key.key, key);
    const out = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    if (cipher) await packInto(content, cipher, look, out);
    else await packInto(content, look, out);
    return { body: file, bytes, sha256: digest.digest() };
  }

  private async send(hash: string, { body, bytes, sha256 }: Packed, encrypted: boolean, entry: { left: number }): Promise<void> {
    const headers = {
      'content-type': encrypted ? 'application/vnd.buildkeep.encrypted' : 'application/octet-stream',
      'content-digest': `sha-256=:${sha256.toString('base64')}:`,
    };
    const put = () => this.api.json('PUT', `/api/v1/artifacts/${hash}`, undefined, stored, {
      body: typeof body === 'string' ? { file: body, bytes } : body, headers, deadline: transferTime(bytes), attempts: PATIENCE,
      sent: (part) => {
        entry.left = Math.max(0, entry.left - part);
        this.progressAt = Date.now();
      },
    });
    this.progressAt = Date.now();
    const answer = await put().catch(async (error: unknown) => {
      if (!(error instanceof Unreachable) || !this.api.givenUp || this.left() > MOST_WAITING) throw error;
      // A server that restarts is back soon, and has lost nothing.
      await this.api.back();
      if (this.api.givenUp) throw error;
      entry.left = bytes;
      return put();
    });
    if (answer.stored) this.stored.set(hash, answer.scope);
  }

  private failed(error: unknown): void {
    // They are counted already.
    if (this.ended) return;
    if (error instanceof Refused && (error.code === 'read_only' || error.code === 'conflict')) return;
    if (error instanceof Refused && error.code === 'over_limit') {
      this.notes.add(`a result is not stored: ${words(error)}.`);
      return;
    }
    this.lost += 1;
    if (isFull(error)) {
      this.full = true;
      this.notes.add(`nothing new is stored: ${words(error)}.`);
      return;
    }
    this.notes.add(`a result could not be stored in the remote cache: ${words(error)}.`);
  }

  private left(): number {
    return [...this.open.values()].reduce((sum, one) => sum + one.left, 0);
  }

  /** Waits until all are sent, or until it takes too long. */
  async drain(unlimited: boolean): Promise<void> {
    const began = Date.now();
    let spokeAt = began + FIRST_WORD - NEXT_WORD;
    this.progressAt = began;
    while (this.open.size > 0) {
      await this.oneOrTick();
      const now = Date.now();
      const isAway = this.api.givenUp !== undefined && now - began > AWAY;
      if (!unlimited && this.open.size > 0 && (now - began > LONGEST || now - this.progressAt > SILENCE || isAway)) {
        this.lost += this.open.size;
        this.notes.add(`${this.open.size} results could not be stored in the remote cache in time.`);
        this.open.clear();
        this.ended = true;
        this.api.giveUp('the uploads took too long');
        return;
      }
      if (this.open.size > 0 && now - spokeAt >= NEXT_WORD) {
        spokeAt = now;
        say(`storing ${this.open.size} results in the remote cache, ${size(this.left())} to go…`);
      }
    }
  }

  private async oneOrTick(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tick = new Promise<void>((done) => { timer = setTimeout(done, 250); });
    await Promise.race([tick, ...[...this.open.values()].map(({ ended }) => ended)]);
    clearTimeout(timer);
  }
}
