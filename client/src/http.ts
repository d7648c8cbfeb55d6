// One request, with an end. Nothing here waits longer than its deadline, also not for a server that sends byte by byte.
import { createReadStream, createWriteStream } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { authorization, nameOf, type Proxy, ProxyFault, proxyFor, refusedBy, toProxy, Tunnels } from './proxy.ts';

/** What to send, and for how long to wait. */
export interface Ask {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string | Buffer | { file: string; bytes: number };
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
  /** The proxy that it came through, for people. */
  through?: string;
  /** Lets go of the connection; call it when the body is read, or is not wanted. */
  close(): void;
}

/** No answer, or none of ours. When it is final, asking again only costs time. `proxy`: it is a proxy that is to blame. */
export class NoAnswer extends Error {
  constructor(message: string, readonly final = false, readonly proxy = false) {
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

function wordsFor(error: unknown, proxy?: Proxy): Error {
  if (error instanceof NoAnswer || LOCAL.has((error as NodeJS.ErrnoException)?.code ?? '')) return error as Error;
  const { code, message } = error as NodeJS.ErrnoException;
  // Several addresses were tried: the error holds one for each.
  const inner = (error as AggregateError).errors?.[0] as NodeJS.ErrnoException | undefined;
  const found = code ?? inner?.code;
  const why = (found && WORDS[found]) || message || found || 'the request failed';
  if (error instanceof ProxyFault) return new NoAnswer(found && proxy ? `${nameOf(proxy)} cannot be used: ${why}` : why, !found, true);
  return new NoAnswer(why);
}

const agents = new Map<string, http.Agent | https.Agent>();

function agentFor(url: URL, proxy: Proxy | undefined): http.Agent | https.Agent {
  const key = `${url.protocol} ${proxy?.url.href ?? ''}`;
  let agent = agents.get(key);
  if (!agent) {
    const options = { keepAlive: true, maxSockets: 16, maxFreeSockets: 8 };
    const secure = url.protocol === 'https:';
    agent = secure && proxy ? (new Tunnels(proxy, options) as https.Agent) : secure || proxy?.url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
    agents.set(key, agent);
  }
  return agent;
}

function open({ method, url, headers }: Ask, proxy: Proxy | undefined): http.ClientRequest {
  const agent = agentFor(url, proxy);
  if (url.protocol === 'https:') return https.request(url, { method, headers, agent });
  if (url.protocol !== 'http:') throw new NoAnswer(`${url.protocol} is not an address that can be asked`);
  if (!proxy) return http.request(url, { method, headers, agent });
  const { request, ...place } = toProxy(proxy);
  return request({ ...place, method, agent, path: url.href, headers: { host: url.host, ...headers, ...authorization(proxy) } });
}

/** A fault on the way to a proxy is the proxy's: without a tunnel it is all that we are connected to. */
const blamed = (error: Error, url: URL, proxy: Proxy | undefined): Error =>
  (proxy && url.protocol === 'http:' && !(error instanceof NoAnswer) ? Object.assign(new ProxyFault(error.message), { code: (error as NodeJS.ErrnoException).code }) : error);

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
    let proxy: Proxy | undefined;
    try {
      proxy = proxyFor(ask.url);
      request = open(ask, proxy);
    } catch (error) {
      fail(wordsFor(error, proxy));
      return;
    }
    let connected = false;
    // Timers hold the process: nx ends silently, with success, when nothing does.
    let body: Transform | undefined;
    const late = (what: string) => () => {
      const error = proxy && !connected ? new NoAnswer(`${nameOf(proxy)} cannot be used: ${what}`, true, true) : new NoAnswer(what, true);
      body?.destroy(error);
      request.destroy(error);
      // A request that has no connection yet says nothing when it is destroyed.
      close();
      fail(error);
    };
    const total = setTimeout(late('it did not answer in time'), ask.deadline);
    const idle = setTimeout(late('it stopped answering'), Math.min(ask.stall, ask.deadline));
    const close = () => {
      clearTimeout(total);
      clearTimeout(idle);
    };
    request.once('close', close);
    // Until then, whatever fails is the first thing on the way.
    const met = () => { connected = true; };
    request.once('socket', (socket) => {
      if (request.reusedSocket || !socket.connecting) met();
      else socket.once(proxy?.url.protocol === 'https:' && ask.url.protocol === 'http:' ? 'secureConnect' : 'connect', met);
    });
    request.once('error', (error) => {
      close();
      fail(wordsFor(connected ? error : blamed(error, ask.url, proxy), proxy));
    });
    request.once('response', (response) => {
      if (proxy && response.statusCode === 407) {
        request.destroy(new NoAnswer(refusedBy(proxy, 407), true, true));
        return;
      }
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
      done({ status: response.statusCode ?? 0, headers: response.headers, body: counted, close: drop, ...(proxy ? { through: nameOf(proxy) } : {}) });
    });
    if (typeof ask.body === 'object' && 'file' in ask.body) {
      const { file } = ask.body;
      const out = meter((bytes) => {
        idle.refresh();
        ask.sent?.(bytes);
      });
      pipeline(createReadStream(file), out, request).catch((error: Error) => request.destroy(error));
    } else {
      request.end(ask.body, () => ask.sent?.(ask.body === undefined ? 0 : Buffer.byteLength(ask.body as string)));
    }
  });
}

/** The body as text, up to a bound. */
export async function readText(answer: Answer, most: number): Promise<string> {
  const parts: Buffer[] = [];
  await readParts(answer, most, (part) => void parts.push(part));
  return Buffer.concat(parts).toString('utf8');
}

/** The body in parts, up to a bound. */
export async function readParts(answer: Answer, most: number, seen: (part: Buffer) => void): Promise<void> {
  let total = 0;
  try {
    for await (const part of answer.body as AsyncIterable<Buffer>) {
      total += part.length;
      seen(part);
      if (total > most) throw new NoAnswer('it sent more than it may');
    }
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
