// What a person reads. Lines are kept until nx has drawn its own last line: the terminal UI of nx 21+ owns the screen
// while tasks run.
import { isOn } from './switches.ts';
import { cut } from './text.ts';

const verbose = () => isOn(process.env.NX_VERBOSE_LOGGING);

/** Text of others, fit for a terminal: one line, no control characters, not endless. */
export function plain(text: unknown, most = 300): string {
  const line = String(text).replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return line.length > most ? `${cut(line, most)}…` : line;
}

/** The kept lines of one command; each text once. */
export class Notes {
  readonly lines: string[] = [];

  add(line: string): void {
    if (this.lines.includes(line)) return;
    this.lines.push(line);
    if (verbose()) say(line);
  }

  /** Prints what was kept, with these lines last. */
  print(last: string[] = []): void {
    const lines = [...(verbose() ? [] : this.lines), ...last];
    if (lines.length > 0) write(process.stdout, '\n');
    for (const line of lines) say(line);
  }
}

// Not console.log: while the terminal UI of nx 21+ owns the screen, nx drops what we print by that, but keeps what we
// write, shows the last of it, and prints all of it in the end.
function write(to: NodeJS.WriteStream, text: string): void {
  try {
    to.write(text);
  } catch {}
}

/** Prints one line for people, or several of one message. A closed terminal is no reason to fail. */
export function say(line: string, to: NodeJS.WriteStream = process.stdout): void {
  write(to, `${line.replace(/^(?=.)/gm, ' Buildkeep: ').replace(/^ Buildkeep: {2,}/gm, '            ')}\n`);
}

/** Bytes, for people. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
