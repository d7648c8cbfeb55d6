// Our server's API: tries again what may help, gives up what does not, and leaves a server alone that does not answer, until
// it does again.
import { type Answer, type Ask, NoAnswer, readText, send } from './http.ts';
import { plain } from './say.ts';
import { type Problem, Unreadable, problem } from './shapes.ts';
import { toJson } from './text.ts';

/** The server said no. */
export class Refused extends Error {
  constructor(readonly status: number, readonly code: Problem['code'], message: string) {
    super(message);
  }
}

/** The server did not answer, or not as ours does: without it for now. */
export class Unreachable extends Error {}

/** It has no room: asking again does not help. */
export const isFull = (error: unknown): boolean => error instanceof Refused && error.code === 'storage_full';

export interface Connection {
  /** Without a slash at the end; may have a path. */
  url: string;
  version: string;
  token?: string;
  nxCloudId?: string;
  execution?: string;
  noTimeouts?: boolean;
}

/** How one call is made, where it differs from others. */
export interface How {
  body?: Ask['body'];
  headers?: Record<string, string>;
  /** Milliseconds for all of it. */
  deadline?: number;
  /** How often to ask a server that is busy. */
  attempts?: number;
  /** Asks also while the server is left alone: the last chance to say something. */
  insist?: boolean;
  sent?: (bytes: number) => void;
  /** Takes a successful answer; told to stay small where nothing else is said. */
  take?: (answer: Answer) => Promise<unknown>;
}

const DEADLINE = 10_000;
const STALL = 15_000;
const MOST_JSON = 8 << 20;
const ATTEMPTS = 3;
/** Milliseconds between two attempts at most; who wants more is left alone. */
const LONGEST_WAIT = 5_000;
/** After so many failures on end, the server is left alone. */
const FAILURES = 3;
/** Milliseconds until it is asked whether it is back: after a fault, after it was slow, and at most. */
const REST = 1_000;
const REST_OF_SLOW = 5_000;
const LONGEST_REST = 30_000;
/** Milliseconds for that question. Nothing waits for its answer. */
const KNOCK = 3_000;
/** nx's own number for "no time-outs". */
const UNLIMITED = 9_999_999;

/** A pause that holds the process: nx ends silently when nothing does. */
export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Attempts at what need not be answered at once: a server that is busy has room soon. */
export const PATIENCE = 6;

/** Milliseconds that a transfer may take: slow lines have their time, and all have an end. */
export const transferTime = (bytes: number): number => 30_000 + bytes / 32;

export class Api {
  /** Why it is not asked any more in this command. */
  private over: string | undefined;
  /** Why it is left alone, until it answers again. */
  private away: string | undefined;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];

  constructor(readonly connection: Connection) {}

  /** Why the server is not asked at this moment, when it is not. */
  get givenUp(): string | undefined {
    return this.over ?? this.away;
  }

  /** Asks no more, and no more whether it is back. */
  giveUp(why: string): void {
    this.over ??= why;
    clearTimeout(this.timer);
    this.wake();
  }

  /** Waits until the server answers again, or is given up. */
  async back(): Promise<void> {
    if (this.away && !this.over) await new Promise<void>((done) => this.waiting.push(done));
  }

  private wake(): void {
    for (const done of this.waiting.splice(0)) done();
  }

  /** Leaves it alone, and asks from time to time whether it is back. Neither holds the process. */
  private leave(why: string, rest: number): void {
    if (this.away || this.over) return;
    this.away = why;
    this.knockAfter(rest);
  }

  private knockAfter(rest: number): void {
    this.timer = setTimeout(() => void this.knock(rest), rest);
    this.timer.unref();
  }

  private async knock(rest: number): Promise<void> {
    const answers = await this.try('GET', '/api/v1/whoami', { deadline: KNOCK }).then(() => true, (error: unknown) => error instanceof Refused);
    if (answers) this.answered();
    else if (this.away && !this.over) this.knockAfter(Math.min(rest * 2, LONGEST_REST));
  }

  private answered(): void {
    this.failures = 0;
    if (!this.away) return;
    this.away = undefined;
    clearTimeout(this.timer);
    this.wake();
  }

  /** The answer's JSON, read by `as`, which throws `Unreadable` when it is not what it should be. */
  async json<T>(method: string, path: string, body: unknown, as: (value: unknown) => T, how: How = {}): Promise<T> {
    const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...how.headers };
    const take = async (answer: Answer) => as(parse(await readText(answer, MOST_JSON)));
    return await this.call(method, path, { take, ...how, headers, ...(body === undefined ? {} : { body: toJson(body) }) }) as T;
  }

  /** One call: `Refused`, `Unreachable`, or what `take` made of the answer. */
  async call(method: string, path: string, how: How): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const why = how.insist ? this.over : this.givenUp;
      if (why) throw new Unreachable(why);
      const failure = await this.try(method, path, how).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      if ('value' in failure) {
        this.answered();
        return failure.value;
      }
      const { error } = failure;
      const wait = this.waitAfter(error, attempt);
      if (wait === undefined || attempt >= (error instanceof Again && [429, 503].includes(error.status) ? how.attempts ?? ATTEMPTS : ATTEMPTS)) throw this.judge(error);
      await pause(wait);
    }
  }

  private async try(method: string, path: string, how: How): Promise<unknown> {
    const { url, noTimeouts } = this.connection;
    const ask: Ask = {
      method, url: new URL(`${url}${path}`), headers: { ...this.headers(), ...lengthOf(how.body), ...how.headers },
      deadline: noTimeouts ? UNLIMITED : how.deadline ?? DEADLINE, stall: noTimeouts ? UNLIMITED : STALL,
      ...(how.body === undefined ? {} : { body: how.body }), ...(how.sent ? { sent: how.sent } : {}),
    };
    const answer = await send(ask);
    try {
      if (answer.status >= 200 && answer.status < 300) return await how.take?.(answer);
      throw await refusal(answer);
    } finally {
      answer.close();
    }
  }

  private headers(): Record<string, string> {
    const { version, token, nxCloudId, execution } = this.connection;
    return {
      'user-agent': `buildkeep-client/${version}`, accept: 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(nxCloudId ? { 'nx-cloud-id': nxCloudId } : {}),
      ...(execution ? { 'buildkeep-execution': execution } : {}),
    };
  }

  /** Milliseconds until the next attempt; none: it would not help. */
  private waitAfter(error: unknown, attempt: number): number | undefined {
    const backOff = Math.min(LONGEST_WAIT, 200 * 4 ** (attempt - 1)) * (0.75 + Math.random() / 2);
    if (error instanceof Again) return error.after === undefined ? backOff : error.after > LONGEST_WAIT ? undefined : Math.max(error.after, backOff);
    return error instanceof NoAnswer && !error.final ? backOff : undefined;
  }

  private judge(error: unknown): Error {
    if (error instanceof Refused) {
      this.answered();
      if (error.status === 401 || error.code === 'no_access') this.giveUp(error.message);
      return error;
    }
    // A full disk, a damaged artifact: nothing that the server could do about.
    if (!(error instanceof NoAnswer || error instanceof Again || error instanceof Unreadable)) return error as Error;
    const { url } = this.connection;
    const why = error instanceof Unreadable ? 'it does not answer as Buildkeep does' : plain(error.message).replace(/[.\s]+$/, '');
    const check = error instanceof Again ? '' : '. Check that it runs and that nxCloudUrl or NX_CLOUD_API is right';
    const sentence = error instanceof NoAnswer && error.proxy
      ? `${plain(url)} was not asked: ${why}. Check the proxy, or put the server into NO_PROXY`
      : `${plain(url)} cannot be used: ${why}${check}`;
    this.failures += 1;
    // Who waited for one slow answer, or tried three times to reach it, need not do so again.
    const isAway = error instanceof NoAnswer || (error instanceof Again && [502, 503, 504].includes(error.status));
    if (this.failures >= FAILURES || isAway) this.leave(sentence, error instanceof NoAnswer && error.final ? REST_OF_SLOW : REST);
    return new Unreachable(sentence);
  }
}

/** For answers without a body. */
export const nothing = (): void => {};

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable();
  }
}

/** A fault that may be over soon. */
class Again extends Error {
  constructor(message: string, readonly status: number, readonly after?: number) {
    super(message);
  }
}

function lengthOf(body: How['body']): Record<string, string> {
  if (body === undefined) return {};
  return { 'content-length': String(typeof body === 'string' ? Buffer.byteLength(body) : Buffer.isBuffer(body) ? body.length : body.bytes) };
}

/** `Retry-After` in milliseconds: seconds, or a date. */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (!value) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

async function refusal(answer: Answer): Promise<Error> {
  const { status, headers, through } = answer;
  if (status >= 300 && status < 400) {
    return new NoAnswer(`it points to another address (${plain(headers.location, 100)}); name that one in nxCloudUrl`, true);
  }
  const said = await readText(answer, 64 << 10).then((text) => problem(JSON.parse(text))).catch(() => undefined);
  // It will not have more room in a second.
  if (said?.code === 'storage_full') return new Refused(status, said.code, plain(said.message));
  const whose = through ? `${through} or the server behind it` : 'it';
  if (status >= 500 || status === 429) return new Again(said ? said.message : `${whose} answered ${status}`, status, retryAfter(headers['retry-after']));
  // A proxy in front of the server may have a bound of its own.
  if (!said && status === 413) return new Refused(status, 'too_large', 'what stands in front of the server takes no more');
  if (!said) return new NoAnswer(`${whose} answered ${status}`, true);
  return new Refused(status, said.code, plain(said.message));
}
