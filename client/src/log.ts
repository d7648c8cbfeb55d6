// The log of one attempt at a task, in pieces of a bounded size. What is too much is cut out of the middle.
import { createHash } from 'node:crypto';

export const MOST_PIECE_BYTES = 256 << 10;
const MOST_LOG_BYTES = 32 << 20;
const HALF = MOST_LOG_BYTES / 2 - 1024;

/** The longest start of `text` that takes at most so many bytes in UTF-8, whole characters only. */
export function head(text: string, most: number): string {
  // No unit of UTF-16 takes more than three bytes: only a text that may be too long is measured.
  if (text.length * 3 <= most) return text;
  const bytes = Buffer.from(text.slice(0, Math.max(0, most)).replace(/[\uD800-\uDBFF]$/, ''), 'utf8');
  let end = Math.min(most, bytes.length);
  while (end > 0 && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, Math.max(0, end));
}

/** The longest end of `text` that takes at most so many bytes. */
export function tail(text: string, most: number): string {
  if (text.length * 3 <= most) return text;
  const bytes = Buffer.from(text.slice(-most).replace(/^[\uDC00-\uDFFF]/, ''), 'utf8');
  let start = Math.max(0, bytes.length - most);
  while (start < bytes.length && ((bytes[start] as number) & 0xc0) === 0x80) start += 1;
  return bytes.toString('utf8', start);
}

export class Log {
  private waiting = '';
  /** Pieces made so far. */
  private made = 0;
  /** UTF-16 units that came live, and their digest. */
  private live = 0;
  private readonly digest = createHash('sha256');
  /** How much of the start was taken, in UTF-16 units and in bytes. */
  private units = 0;
  private bytes = 0;
  private full = false;
  private finished = false;

  /** Output as it comes. */
  append(text: string): void {
    if (this.finished) return;
    this.live += text.length;
    this.digest.update(text, 'utf16le');
    this.take(text);
  }

  /** The whole output, at the end: what was not taken yet is added. */
  finish(whole: string | undefined): void {
    if ((this.finished && !this.isEmpty) || whole === undefined) return;
    this.finished = true;
    // What nx keeps may differ from what came live; then what came live stays.
    if (this.live > 0 && !this.begins(whole)) return;
    const rest = whole.slice(this.units);
    if (this.bytes + Buffer.byteLength(rest) <= MOST_LOG_BYTES) {
      this.waiting += rest;
      return;
    }
    this.take(rest);
    const cut = whole.slice(this.units);
    const end = tail(cut, HALF);
    this.waiting += `\n… ${Buffer.byteLength(cut) - Buffer.byteLength(end)} bytes were left out here …\n${end}`;
  }

  private begins(whole: string): boolean {
    const start = createHash('sha256').update(whole.slice(0, this.live), 'utf16le');
    return start.digest('hex') === this.digest.copy().digest('hex');
  }

  /** Takes of the start what has room. */
  private take(text: string): void {
    if (this.full) return;
    const part = head(text, HALF - this.bytes);
    this.waiting += part;
    this.units += part.length;
    this.bytes += Buffer.byteLength(part);
    this.full = part.length < text.length;
  }

  /** Whether nothing was ever taken. */
  get isEmpty(): boolean {
    return this.units === 0 && this.made === 0 && this.waiting === '';
  }

  get hasWaiting(): boolean {
    return this.ready() > 0;
  }

  /** UTF-16 units that may go: half a character waits for its other half. */
  private ready(): number {
    return this.waiting.length - (!this.finished && /[\uD800-\uDBFF]$/.test(this.waiting) ? 1 : 0);
  }

  /** The next piece, as it goes over the wire; none when nothing waits. */
  next(): { piece: number; text: string } | undefined {
    if (!this.hasWaiting) return undefined;
    const text = head(this.waiting.slice(0, this.ready()), MOST_PIECE_BYTES);
    this.waiting = this.waiting.slice(text.length);
    const piece = this.made;
    this.made += 1;
    return { piece, text };
  }
}
