// Tells the server about one nx command while it runs. It never holds up a task, and ends in bounded time.
import { type Api, nothing, PATIENCE, pause, Refused } from './api.ts';
import type { Hide } from './hide.ts';
import { head, Log, MOST_PIECE_BYTES } from './log.ts';
import type { Observer, Task, TaskResult } from './nx.ts';
import { type MissReason, type Report, type RunEnd, type RunStart, type RunStarted, runStarted, type WireTask } from './shapes.ts';
import { begun, ended } from './tasks.ts';
import type { Left } from './terminal_outputs.ts';

const REPORT_EVERY = 2_000;
/** Milliseconds by which the time of a file may be rounded. */
const CLOCK_STEP = 1_000;
const REPORT_AT_LEAST = 15_000;
const MOST_TASKS = 20_000;
const MOST_ATTEMPTS = 1000;
const MOST_TASKS_IN_REPORT = 500;
const MOST_PIECES_IN_REPORT = 5000;
/** With one more task and one more piece it is below 1 MiB, which is what nginx takes when nobody has told it anything. */
const MOST_REPORT_BYTES = 640 << 10;
const MOST_RUN_LOG_BYTES = 512 << 20;
/** Milliseconds at the end of a command: for all of it, and without any answer. */
const LONGEST = 60_000;
const SILENCE = 10_000;

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
  private readonly entries = new Map<string, Entry>();
  /** Attempts that are over, with what is left to say of them. */
  private readonly past: Entry[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lastReport = Date.now();
  private logBytes = 0;
  private sending: Promise<void> | undefined;

  constructor(private readonly api: Api, readonly key: string, start: Promise<RunStart>, private readonly graph: Graph) {
    this.started = start.then((body) => this.begin(body)).catch((error: unknown) => {
      this.stop(error);
      return undefined;
    });
  }

  private async begin(body: RunStart): Promise<RunStarted> {
    const answer = await this.api.json('POST', '/api/v1/runs', body, runStarted);
    this.answer = answer;
    if (answer.run && !this.over) {
      this.run = answer.run;
      this.timer = setInterval(() => void this.tick(), REPORT_EVERY);
      // It must not hold the process: the guard against a silent end counts on that.
      this.timer.unref();
    } else {
      this.stop(undefined);
    }
    return answer;
  }

  private stop(problem: unknown): void {
    this.problem ??= problem;
    this.over = true;
    clearInterval(this.timer);
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
      if (this.graph.logs) entry.log.finish(result.terminalOutput || entry.printed || this.leftBy(entry) || result.terminalOutput);
      delete entry.printed;
    });
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
    if (this.graph.logs) this.entries.get(id)?.log.append(String(output));
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
    if (this.over || this.sending) return;
    if (this.waiting() || Date.now() - this.lastReport >= REPORT_AT_LEAST) await this.flush();
  }

  private all(): Entry[] {
    return [...this.past, ...this.entries.values()];
  }

  private waiting(): boolean {
    return this.all().some(({ changed, log }) => changed || log.hasWaiting);
  }

  /** Sends all that waits; an empty report when nothing does. */
  private flush(): Promise<void> {
    this.sending ??= this.sendAll().finally(() => { this.sending = undefined; });
    return this.sending;
  }

  private async sendAll(): Promise<void> {
    do {
      const report = this.nextReport();
      try {
        await this.api.json('POST', `/api/v1/runs/${this.run?.id ?? ''}/report`, report, nothing, { headers: this.headers(), attempts: PATIENCE });
        this.lastReport = Date.now();
      } catch (error) {
        // What does not arrive after several attempts is not sent again: pieces of logs must keep their order.
        const small = error instanceof Refused && (error.code === 'invalid' || error.code === 'too_large');
        if (!small) return this.stop(error);
        this.problem ??= error;
      }
    } while (!this.over && this.waiting());
  }

  private nextReport(): Report {
    const report: Required<Report> = { tasks: [], logs: [] };
    let bytes = 1_000;
    for (const entry of this.all()) {
      if (report.tasks.length >= MOST_TASKS_IN_REPORT || report.logs.length >= MOST_PIECES_IN_REPORT || bytes >= MOST_REPORT_BYTES) break;
      const { number, attempt } = entry.task;
      if (entry.changed) {
        report.tasks.push(entry.task);
        bytes += Buffer.byteLength(JSON.stringify(entry.task));
        entry.changed = false;
      }
      while (bytes < MOST_REPORT_BYTES && report.logs.length < MOST_PIECES_IN_REPORT) {
        const piece = entry.log.next();
        if (!piece) break;
        this.logBytes += Buffer.byteLength(piece.text);
        if (this.logBytes > MOST_RUN_LOG_BYTES) continue;
        report.logs.push({ task: number, attempt, ...piece, text: head(this.graph.hide.log(piece.text), MOST_PIECE_BYTES) });
        bytes += Buffer.byteLength(JSON.stringify(piece.text)) + 100;
      }
    }
    return report;
  }

  private headers(): Record<string, string> {
    return { 'buildkeep-run-key': this.key };
  }

  /** Sends what is left, and that it is over. */
  async end(status: RunEnd['status'], lost: number, unlimited: boolean, at = new Date()): Promise<void> {
    const work = this.finish({ ended_at: at.toISOString(), status, lost_uploads: lost }).catch((error: unknown) => this.stop(error));
    const began = Date.now();
    this.lastReport = began;
    let done = false;
    void work.then(() => { done = true; });
    while (!done) {
      await Promise.race([work, pause(100)]);
      const now = Date.now();
      if (!done && !unlimited && (now - began > LONGEST || now - this.lastReport > SILENCE)) {
        this.stop(new Error('the server took too long to take the end of it'));
        return;
      }
    }
  }

  private async finish(body: RunEnd): Promise<void> {
    await this.started;
    if (this.over) return;
    clearInterval(this.timer);
    await this.sending;
    for (const entry of this.entries.values()) {
      if (this.graph.logs) entry.log.finish(this.leftBy(entry));
      const scope = entry.task.hash ? this.graph.stored(entry.task.hash) : undefined;
      if (scope && entry.task.cache === 'miss') Object.assign(entry, { changed: true, task: { ...entry.task, stored: scope } });
    }
    if (this.waiting()) await this.flush();
    if (this.over) return;
    await this.api.json('POST', `/api/v1/runs/${this.run?.id ?? ''}/end`, body, nothing, { headers: this.headers(), attempts: PATIENCE });
    this.over = true;
  }
}
