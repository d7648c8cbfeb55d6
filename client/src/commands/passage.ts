// One output of a command on its way to ours: seen, passed on as fast as it is taken, and over when the command is.
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Milliseconds without a byte, after the end of the command, until nothing more of it is waited for; and with bytes. */
const SILENCE = 150;
const LONGEST = 2_000;

export class Passage {
  private readonly text = new StringDecoder('utf8');
  private over = false;
  /** Whether nobody reads our side any more. */
  private shut = false;
  private waiting = false;
  private lastByte = Date.now();

  constructor(private readonly from: Readable, private readonly to: Writable, private readonly seen: (text: string) => void) {
    from.on('data', (part: Buffer) => this.take(part));
    for (const event of ['end', 'close', 'error']) from.once(event, () => { this.over = true; });
    // The command then hears of it as it would without us: its next write fails.
    to.on('error', () => this.close());
    to.once('close', () => this.close());
  }

  private take(part: Buffer): void {
    this.lastByte = Date.now();
    this.seen(this.text.write(part));
    if (this.shut || this.to.write(part)) return;
    this.waiting = true;
    this.from.pause();
    this.to.once('drain', () => {
      this.waiting = false;
      this.lastByte = Date.now();
      this.from.resume();
    });
  }

  private close(): void {
    this.shut = true;
    this.waiting = false;
    this.over = true;
    this.from.destroy();
  }

  /** Resolves when all that the command has written is passed on. What others write behind it is not waited for. */
  async drained(): Promise<void> {
    let left = LONGEST;
    this.lastByte = Date.now();
    while (!this.over && left > 0 && (this.waiting || Date.now() - this.lastByte < SILENCE)) {
      await new Promise((done) => setTimeout(done, 10));
      // A slow reader has its time, as it would have with the command itself.
      if (!this.waiting) left -= 10;
    }
    const rest = this.text.end();
    if (rest) this.seen(rest);
    this.from.destroy();
  }
}
