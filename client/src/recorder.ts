// Tells the server about one nx command while it runs. It never holds up a task, and ends in bounded time. What a server does
// not take that is away is kept, in bounds, and sent when it is back: it knows everything by its number, and takes it once.
import { type Api, PATIENCE, pause, Refused, Unreachable } from './api.ts';
import type { Hide } from './hide.ts';
import { head, Log, MOST_PIECE_BYTES } from './log.ts';
import type { Observer, Task, TaskResult } from './nx.ts';
import { type LogPiece, type MissReason, type RunEnd, type RunStart, type RunStarted, runStarted, type WireTask } from './shapes.ts';
import { begun, ended } from './tasks.ts';
import type { Left } from './terminal_outputs.ts';
import { toJson } from './text.ts';

const REPORT_EVERY = 2_000;
/** Milliseconds by which the time of a file may be rounded. */
const CLOCK_STEP = 1_000;
/** Milliseconds after the end of a task: what is sent while others run need not be waited for at the end. */
const REPORT_SOON = 100;
const REPORT_AT_LEAST = 15_000;
const MOST_TASKS = 20_000;
const MOST_ATTEMPTS = 1000;
const MOST_TASKS_IN_REPORT = 500;
const MOST_PIECES_IN_REPORT = 5000;
/** With one more task and one more piece it is below 1 MiB, which is what nginx takes when nobody has told it anything. */
const MOST_REPORT_BYTES = 640 << 10;
const MOST_RUN_LOG_BYTES = 512 << 20;
/** Characters of logs that are kept for a server that is away. */
const MOST_KEPT = 64 << 20;
/** Milliseconds at the end of a command: for all of it, and without any answer. */
const LONGEST = 60_000;
const SILENCE = 10_000;
/** The same for a server that has not been there from the beginning, and between two attempts. */
const SILENCE_OF_UNKNOWN = 500;
const BETWEEN = 300;

interface Entry {
  task: WireTask;
  log: Log;
  changed: boolean;
  printed?: string;
}

/** What the recorder must know of the command's tasks. */
export interface Graph {
  numbers: Map<string, number>;
  dependencies: (id: string) => string[];
  cacheable: (task: Task) => boolean;
  miss: (task: Task) => MissReason | undefined;
  stored: (hash: string) => WireTask['stored'] | undefined;
  /** Whether logs go with them. */
  logs: boolean;
  /** For what was typed. */
  hide: Hide;
  /** What nx has left of the output of this hash. */
  left?: (hash: string | undefined) => Left | undefined;
  /** Whether nx keeps failures, and replays them. */
  keepsFailures?: boolean;
}

/** One that nx hands over in a shape that we do not know takes no other with it. */
function each<T>(all: T[], work: (one: T) => void): void {
  for (const one of all) {
    try {
      work(one);
    } catch {}
  }
}

export class Recorder implements Observer {
  /** What the server said at the start; none when it did not. */
  readonly started: Promise<RunStarted | undefined>;
  /** The same, as far as it has come. */
  answer: RunStarted | undefined;
  /** The run, as soon as there is one. */
  run: RunStarted['run'] | undefined;
  /** Why the run is not recorded. */
  problem: unknown;
  over = false;
  /** Whether a part of what was to be told is lost. */
  incomplete = false;
  /** What is to be told of its end, when that did not arrive in time. */
  unsaid: RunEnd | undefined;
  private unsent: string | undefined;
  private body: RunStart | undefined;
  private kept = 0;
  private soon: NodeJS.Timeout | undefined;
  private readonly entries = new Map<string, Entry>();
  /** Attempts that are over, with what is left to say of them. */
  private readonly past: Entry[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lastReport = Date.now();
  private logBytes = 0;
  private sending: Promise<void> | undefined;

  constructor(private readonly api: Api, readonly key: string, start: Promise<RunStart>, private readonly graph: Graph) {
    this.started = start.then((body) => {
      this.body = body;
      return this.begin();
    }).catch((error: unknown) => {
      this.failed(error);
      return undefined;
    });
    this.timer = setInterval(() => void this.tick(), REPORT_EVERY);
    // It must not hold the process: the guard against a silent end counts on that.
    this.timer.unref();
  }

  private async begin(): Promise<RunStarted> {
    const answer = await this.api.json('POST', '/api/v1/runs', this.body, runStarted);
    this.answer = answer;
    this.problem = undefined;
    if (answer.run && !this.over) this.run = answer.run;
    else this.stop(undefined);
    return answer;
  }

  /** A server that is away may be back in time; whatever else it says is the end of it. */
  private failed(error: unknown): void {
    if (error instanceof Unreachable) this.problem ??= error;
    else this.stop(error);
  }

  private stop(problem: unknown): void {
    this.problem = problem ?? this.problem;
    this.over = true;
    this.unsent = undefined;
    clearInterval(this.timer);
    clearTimeout(this.soon);
    this.entries.clear();
    this.past.length = 0;
  }

  startTasks(tasks: Task[]): void {
    each(tasks, (task) => {
      const before = this.entries.get(task.id);
      if (before?.task.status === 'running') return;
      if (before) this.past.push(before);
      this.open(task, (before?.task.attempt ?? 0) + 1);
    });
  }

  endTasks(results: TaskResult[]): void {
    each(results, (result) => {
      const entry = this.entries.get(result.task.id) ?? this.open(result.task, 1);
      if (!entry) return;
      const { left, keepsFailures, cacheable } = this.graph;
      const found = keepsFailures && result.status === 'failure' && cacheable(result.task) ? left?.(result.task.hash) : undefined;
      // The output of a task that was run is written when it ends.
      const replayed = found !== undefined && found.writtenAt < Date.parse(entry.task.started_at ?? '');
      entry.task = ended(entry.task, result, this.graph.miss(result.task), replayed);
      entry.changed = true;
      const whole = result.terminalOutput || entry.printed || this.leftBy(entry) || result.terminalOutput;
      if (whole !== undefined) this.keep(whole, () => entry.log.finish(whole));
      delete entry.printed;
    });
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      if (this.run) void this.tick();
    }, REPORT_SOON);
    this.soon.unref();
  }

  /** The output that nx hands to nobody, as that of a continuous task that came to an end; none when it is of an earlier run. */
  private leftBy({ task, log }: Entry): string | undefined {
    if (!log.isEmpty || task.cache === 'remote_hit') return undefined;
    const found = this.graph.left?.(task.hash ?? undefined);
    const cached = task.cache === 'local_hit' || task.cache === 'local_kept';
    return found && (cached || found.writtenAt >= Date.parse(task.started_at ?? '') - CLOCK_STEP) ? found.text() : undefined;
  }

  /** Tasks that never began, and will not. */
  skip(tasks: Task[]): void {
    this.endTasks(tasks.filter(({ id }) => !this.entries.has(id)).map((task) => ({ task, status: 'skipped' })));
  }

  printTaskTerminalOutput(task: Task, _status: string, output: string): void {
    const entry = this.entries.get(task.id);
    if (!entry || typeof output !== 'string') return;
    // Some versions print after the end of the task, and say nothing at its end.
    if (entry.task.status === 'running') entry.printed = output;
  }

  appendTaskOutput(id: string, output: string): void {
    const text = String(output);
    this.keep(text, () => this.entries.get(id)?.log.append(text));
  }

  /** Takes a log, unless too much waits for a server that is away. */
  private keep(text: string, take: () => void): void {
    if (!this.graph.logs) return;
    if (this.api.givenUp && this.kept + text.length > MOST_KEPT) {
      this.incomplete = true;
      return;
    }
    this.kept += text.length;
    take();
  }

  private open(task: Task, attempt: number): Entry | undefined {
    if (this.over) return undefined;
    const { numbers, dependencies, cacheable, hide } = this.graph;
    let number = numbers.get(task.id);
    if (number === undefined) numbers.set(task.id, (number = numbers.size));
    if (number >= MOST_TASKS || attempt > MOST_ATTEMPTS) return undefined;
    const waitsFor = dependencies(task.id).map((id) => numbers.get(id)).filter((one) => one !== undefined);
    const entry = { task: begun(task, number, attempt, cacheable(task), waitsFor, hide), log: new Log(), changed: true };
    this.entries.set(task.id, entry);
    return entry;
  }

  private async tick(): Promise<void> {
    if (this.over || this.sending || this.api.givenUp || !(this.run || this.problem)) return;
    if (this.waiting() || Date.now() - this.lastReport >= REPORT_AT_LEAST) await this.flush();
  }

  private all(): Entry[] {
    return [...this.past, ...this.entries.values()];
  }

  private waiting(): boolean {
    return this.unsent !== undefined || this.all().some(({ changed, log }) => changed || log.hasWaiting);
  }

  /** Sends what waits now, as far as the server is there. */
  async settle(): Promise<void> {
    await this.started;
    if (this.run && !this.over && this.waiting()) await this.flush();
  }

  /** Sends all that waits; an empty report when nothing does. */
  private flush(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => { this.sending = undefined; });
    return this.sending;
  }

  private async sendAll(insist = false): Promise<void> {
    try {
      if (!this.run) await this.begin();
      do {
        this.unsent ??= this.nextReport();
        await this.say('report', this.unsent, insist);
        this.unsent = undefined;
        this.lastReport = Date.now();
      } while (!this.over && this.waiting());
      // What is kept now came while the server was there.
      this.kept = 0;
    } catch (error) {
      if (!(error instanceof Refused && (error.code === 'invalid' || error.code === 'too_large'))) return this.failed(error);
      // It is never taken: the rest goes on without it.
      this.unsent = undefined;
      this.incomplete = true;
      this.problem ??= error;
    }
  }

  private say(what: 'report' | 'end', body: string, insist: boolean): Promise<unknown> {
    return this.api.call('POST', `/api/v1/runs/${this.run?.id ?? ''}/${what}`, {
      headers: { 'content-type': 'application/json', 'buildkeep-run-key': this.key }, body, insist, ...(insist ? {} : { attempts: PATIENCE }),
    });
  }

  /** As JSON: each part is written once, and measured by that. */
  private nextReport(): string {
    const tasks: string[] = [];
    const logs: string[] = [];
    let bytes = 1_000;
    const into = (list: string[], what: WireTask | LogPiece) => {
      const text = toJson(what);
      bytes += Buffer.byteLength(text) + 1;
      list.push(text);
    };
    for (const entry of this.all()) {
      if (tasks.length >= MOST_TASKS_IN_REPORT || logs.length >= MOST_PIECES_IN_REPORT || bytes >= MOST_REPORT_BYTES) break;
      const { number, attempt } = entry.task;
      if (entry.changed) {
        into(tasks, entry.task);
        entry.changed = false;
      }
      while (bytes < MOST_REPORT_BYTES && logs.length < MOST_PIECES_IN_REPORT) {
        const piece = entry.log.next();
        if (!piece) break;
        this.logBytes += Buffer.byteLength(piece.text);
        if (this.logBytes > MOST_RUN_LOG_BYTES) continue;
        into(logs, { task: number, attempt, ...piece, text: head(this.graph.hide.log(piece.text), MOST_PIECE_BYTES) });
      }
    }
    return `{"tasks":[${tasks.join(',')}],"logs":[${logs.join(',')}]}`;
  }

  /** Sends what is left, and that it is over. A server that is away has a few seconds to come back. */
  async end(status: RunEnd['status'], lost: number, unlimited: boolean, at = new Date()): Promise<void> {
    const body: RunEnd = { ended_at: at.toISOString(), status, lost_uploads: lost };
    const work = this.finish(body).catch((error: unknown) => this.stop(error));
    const began = Date.now();
    this.lastReport = began;
    let done = false;
    void work.then(() => { done = true; });
    while (!done) {
      await Promise.race([work, pause(100)]);
      const now = Date.now();
      const isSilent = now - this.lastReport > (this.run || !this.problem ? SILENCE : SILENCE_OF_UNKNOWN);
      if (!done && !unlimited && (now - began > LONGEST || isSilent)) {
        if (this.run && !this.over) this.unsaid = { ...body, incomplete: this.incomplete || this.waiting() };
        this.stop(this.problem ?? new Error('the server took too long to take the end of it'));
        return;
      }
    }
  }

  private async finish(body: RunEnd): Promise<void> {
    await this.started;
    if (this.over) return;
    clearInterval(this.timer);
    clearTimeout(this.soon);
    await this.sending;
    for (const entry of this.entries.values()) {
      if (this.graph.logs) entry.log.finish(this.leftBy(entry));
      const scope = entry.task.hash ? this.graph.stored(entry.task.hash) : undefined;
      if (!scope || entry.task.cache !== 'miss') continue;
      // What its hash was made of is large, and told once.
      const { hash_details, ...task } = entry.task;
      entry.task = { ...task, ...(entry.changed && hash_details ? { hash_details } : {}), stored: scope };
      entry.changed = true;
    }
    while (!this.over) {
      if (this.waiting() || !this.run) await this.sendAll(true);
      if (this.over) return;
      if (this.run && !this.waiting()) {
        const isSaid = await this.say('end', toJson({ ...body, incomplete: this.incomplete }), true).then(() => true, (error: unknown) => this.failed(error));
        if (isSaid) {
          this.over = true;
          if (!this.incomplete) this.problem = undefined;
          return;
        }
      }
      await pause(BETWEEN);
    }
  }
}
