// One request, with an end. Nothing here waits longer than its deadline, also not for a server that sends byte by byte.
import { createReadStream, createWriteStream } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpsProxyAgent } from 'hpagent';
import { getProxyForUrl } from 'proxy-from-env';

/** What to send, and for how long to wait. */
export interface Ask {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string | { file: string; bytes: number };
  /** Milliseconds until all of it must be over. */
  deadline: number;
  /** Milliseconds without a byte in either direction. */
  stall: number;
  /** Told of every byte that goes out. */
  sent?: (bytes: number) => void;
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Readable;
  /** Lets go of the connection; call it when the body is read, or is not wanted. */
  close(): void;
}

/** No answer, or none of ours. When it is final, asking again only costs time. */
export class NoAnswer extends Error {
  constructor(message: string, readonly final = false) {
    super(message);
  }
}

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it did not answer in time',
};

/** Faults of this machine's disk, which say nothing about the server. */
const LOCAL = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EMFILE', 'ENOENT', 'EEXIST', 'EISDIR', 'ENOTDIR', 'EIO']);

function wordsFor(error: unknown): Error {
  if (error instanceof NoAnswer || LOCAL.has((error as NodeJS.ErrnoException)?.code ?? '')) return error as Error;
  const { code, message } = error as NodeJS.ErrnoException;
  // Several addresses were tried: the error holds one for each.
  const inner = (error as AggregateError).errors?.[0] as NodeJS.ErrnoException | undefined;
  const found = code ?? inner?.code;
  return new NoAnswer((found && WORDS[found]) || message || found || 'the request failed');
}

const agents = new Map<string, http.Agent | https.Agent>();

function agentFor(url: URL, proxy: string): http.Agent | https.Agent {
  const key = `${url.protocol} ${proxy}`;
  let agent = agents.get(key);
  if (!agent) {
    const options = { keepAlive: true, maxSockets: 16, maxFreeSockets: 8 };
    agent = url.protocol === 'http:' ? new http.Agent(options)
      : proxy ? new HttpsProxyAgent({ ...options, proxy }) : new https.Agent(options);
    agents.set(key, agent);
  }
  return agent;
}

function open({ method, url, headers }: Ask): http.ClientRequest {
  const proxy = getProxyForUrl(url.href);
  const agent = agentFor(url, proxy);
  if (url.protocol === 'https:') return https.request(url, { method, headers, agent });
  if (url.protocol !== 'http:') throw new NoAnswer(`${url.protocol} is not an address that can be asked`);
  if (!proxy) return http.request(url, { method, headers, agent });
  const via = new URL(proxy);
  const user = via.username ? Buffer.from(`${decodeURIComponent(via.username)}:${decodeURIComponent(via.password)}`).toString('base64') : '';
  return http.request({
    method, agent, host: via.hostname, port: via.port || 80, path: url.href,
    headers: { host: url.host, ...headers, ...(user ? { 'proxy-authorization': `Basic ${user}` } : {}) },
  });
}

/** A stream that tells how many bytes pass, and ends when they are too many. */
export function meter(passed: (bytes: number) => void, most = Infinity): Transform {
  let total = 0;
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      total += part.length;
      passed(part.length);
      if (total > most) done(new NoAnswer('it sent more than it may'));
      else done(null, part);
    },
  });
}

/** Sends, and answers as soon as the head of the answer is there. A redirect is an answer like any other: never followed. */
export function send(ask: Ask): Promise<Answer> {
  return new Promise((done, fail) => {
    let request: http.ClientRequest;
    try {
      request = open(ask);
    } catch (error) {
      fail(wordsFor(error));
      return;
    }
    // Timers hold the process: nx ends silently, with success, when nothing does.
    let body: Transform | undefined;
    const late = (what: string) => () => {
      const error = new NoAnswer(what, true);
      body?.destroy(error);
      request.destroy(error);
    };
    const total = setTimeout(late('it did not answer in time'), ask.deadline);
    const idle = setTimeout(late('it stopped answering'), Math.min(ask.stall, ask.deadline));
    const close = () => {
      clearTimeout(total);
      clearTimeout(idle);
    };
    request.once('close', close);
    request.once('error', (error) => {
      close();
      fail(wordsFor(error));
    });
    request.once('response', (response) => {
      const counted = response.pipe(meter(() => idle.refresh()));
      body = counted;
      // Whoever reads it hears of it; when nobody does, it must not end the process.
      counted.on('error', () => {});
      response.once('error', (error) => counted.destroy(wordsFor(error)));
      // Without this, a body that is cut off would look like one that never ends.
      response.once('close', () => {
        if (!response.complete) counted.destroy(new NoAnswer('the connection was cut'));
      });
      counted.once('close', close);
      const drop = () => {
        close();
        if (!response.complete) request.destroy();
        counted.destroy();
      };
      done({ status: response.statusCode ?? 0, headers: response.headers, body: counted, close: drop });
    });
    if (typeof ask.body === 'object') {
      const { file } = ask.body;
      const out = meter((bytes) => {
        idle.refresh();
        ask.sent?.(bytes);
      });
      pipeline(createReadStream(file), out, request).catch((error: Error) => request.destroy(error));
    } else {
      request.end(ask.body);
    }
  });
}

/** The body as text, up to a bound. */
export async function readText(answer: Answer, most: number): Promise<string> {
  const parts: Buffer[] = [];
  let total = 0;
  try {
    for await (const part of answer.body as AsyncIterable<Buffer>) {
      total += part.length;
      if (total > most) throw new NoAnswer('it sent more than it may');
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (error) {
    throw wordsFor(error);
  } finally {
    answer.close();
  }
}

/** The body into a file, through these streams. */
export async function readFile(answer: Answer, file: string, most: number, seen: (part: Buffer) => void): Promise<void> {
  const look = new Transform({
    transform(part: Buffer, _encoding, done) {
      seen(part);
      done(null, part);
    },
  });
  try {
    await pipeline(answer.body, look, meter(() => {}, most), createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    throw wordsFor(error);
  } finally {
    answer.close();
  }
}
