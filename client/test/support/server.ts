// A server in memory that speaks our API, and can be told to misbehave.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';

export interface Artifact {
  bytes: Buffer;
  format: 'tar' | 'encrypted';
  /** What look-ups say instead of the truth. */
  says?: { bytes?: number; sha256?: string };
}

/** Answers instead of the server; false leaves it to the server. */
export type Fault = (request: IncomingMessage, response: ServerResponse, seen: Seen) => unknown;

export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface Run {
  start: any;
  reports: any[];
  end?: any;
}

/** What the build of the client has made. */
export interface Bundle {
  bytes: Buffer;
  start: Buffer;
  program: Buffer;
  facts: { version: string; contentHash: string };
}

export function builtBundle(folder: string): Bundle {
  const read = (name: string) => readFileSync(join(folder, name));
  return { bytes: read('client.tar.gz'), start: read('start.tar.gz'), program: read('client.js'), facts: JSON.parse(read('client.json').toString()) };
}

/** Sends so many bytes of this answer, head and all, and cuts the connection: in good order, or with a reset. */
export const cutAfter = (bytes: number, body: Buffer, reset = false): Fault => ({ socket }) => {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), body]).subarray(0, bytes), () => {
    if (reset) socket.resetAndDestroy();
    else socket.destroy();
  });
};

export const ID = '0123456789abcdef01234567';

const json = (response: ServerResponse, status: number, body: unknown) => {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
};

export class Fake {
  readonly artifacts = new Map<string, Artifact>();
  readonly runs = new Map<string, Run>();
  readonly seen: Seen[] = [];
  store: string = 'shared';
  access = { shared: 'read_write', execution: true, records_runs: true };
  credential: Record<string, unknown> = { kind: 'ci_token', name: 'main' };
  mostBytes = 1 << 30;
  /** By the start of `METHOD path`. */
  faults = new Map<string, Fault>();
  logins: unknown[] = [];
  bundle: Bundle | undefined;
  /** Below which path the server is. */
  prefix = '';
  url = '';
  private server!: Server;
  private readonly sockets = new Set<Socket>();

  static async start(prefix = ''): Promise<Fake> {
    const fake = new Fake();
    fake.prefix = prefix;
    fake.server = createServer((request, response) => void fake.answer(request, response));
    fake.server.keepAliveTimeout = 1_000;
    fake.server.on('connection', (socket) => {
      fake.sockets.add(socket);
      socket.on('close', () => fake.sockets.delete(socket)).on('error', () => {});
    });
    await new Promise<void>((done) => fake.server.listen(0, '127.0.0.1', done));
    fake.url = `http://127.0.0.1:${(fake.server.address() as AddressInfo).port}${prefix}`;
    return fake;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  asked(start: string): Seen[] {
    return this.seen.filter(({ method, path }) => `${method} ${path}`.startsWith(start));
  }

  get whoami() {
    return { server_version: '1.0.0', workspace: { nx_cloud_id: ID, name: 'shop', organization: 'Acme' }, credential: this.credential, access: this.access };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').slice(this.prefix.length);
    const seen: Seen = { method: request.method ?? '', path, headers: request.headers, body: Buffer.alloc(0) };
    this.seen.push(seen);
    response.on('error', () => {});
    const fault = [...this.faults].find(([start]) => `${seen.method} ${path}`.startsWith(start))?.[1];
    if (fault && fault(request, response, seen) !== false) return;
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    seen.body = Buffer.concat(parts);
    this.route(seen, response);
  }

  private route({ method, path, body, headers }: Seen, response: ServerResponse): void {
    const [route, query] = path.split('?') as [string, string | undefined];
    const input = () => JSON.parse(body.toString()) as any;
    const hash = /^\/api\/v1\/artifacts\/([^/]+)$/.exec(route)?.[1];
    const run = /^\/api\/v1\/runs\/([^/]+)\/(report|end)$/.exec(route);
    if (route === '/nx-cloud/client/verify') return this.verify(query ?? '', String(headers['user-agent']), response);
    const file = { 'client.tar.gz': this.bundle?.bytes, 'start.tar.gz': this.bundle?.start, 'client.js': this.bundle?.program }[/^\/nx-cloud\/client\/[^/]+\/(.*)$/.exec(route)?.[1] ?? ''];
    if (file) {
      response.writeHead(200, { 'content-length': file.length }).end(file);
    } else if (route === '/api/v1/whoami') json(response, 200, this.whoami);
    else if (route === '/api/v1/artifacts/lookup') this.lookup(input().hashes, response);
    else if (hash && method === 'GET') this.give(hash, response);
    else if (hash && method === 'PUT') this.take(hash, body, headers, response);
    else if (route === '/api/v1/runs') {
      const start = input();
      this.runs.set(start.key, this.runs.get(start.key) ?? { start, reports: [] });
      json(response, 200, { run: { id: `run_${start.key.slice(0, 8)}`, url: `${this.url}/runs/${start.key.slice(0, 8)}` }, whoami: this.whoami });
    } else if (run) {
      const found = this.runs.get(String(headers['buildkeep-run-key']));
      if (!found) return json(response, 404, { code: 'not_found', message: 'There is no such run.' });
      if (run[2] === 'end') found.end = input();
      else found.reports.push(input());
      response.writeHead(204).end();
    } else if (route === '/api/v1/logins') {
      json(response, 200, {
        device_code: 'secret-device', user_code: 'BCDF-GHJK', verification_uri: `${this.url}/login`,
        verification_uri_complete: `${this.url}/login?code=BCDF-GHJK`, expires_in: 600, interval: 0,
      });
    } else if (route === '/api/v1/logins/token') json(response, 200, this.logins.shift() ?? { status: 'expired_token' });
    else if (route === '/api/v1/personal-access-token' && method === 'DELETE') response.writeHead(204).end();
    else json(response, 404, { code: 'not_found', message: 'There is no such thing.' });
  }

  private verify(query: string, agent: string, response: ServerResponse): void {
    const { facts } = this.bundle ?? { facts: { version: '', contentHash: '' } };
    const told = new URLSearchParams(query);
    const valid = told.get('version') === facts.version && told.get('contentHash') === facts.contentHash;
    json(response, 200, valid ? { valid, url: null, version: null } : {
      valid, url: `/nx-cloud/client/${facts.version}/${agent.startsWith('axios/') ? 'start' : 'client'}.tar.gz`, version: facts.version,
    });
  }

  private lookup(hashes: string[], response: ServerResponse): void {
    const artifacts: Record<string, unknown> = {};
    for (const hash of hashes) {
      const one = this.artifacts.get(hash);
      if (one) {
        const sha256 = createHash('sha256').update(one.bytes).digest('hex');
        artifacts[hash] = { scope: 'shared', bytes: one.bytes.length, format: one.format, sha256, ...one.says };
      }
    }
    json(response, 200, { artifacts, store: this.store, most_bytes: this.mostBytes });
  }

  private give(hash: string, response: ServerResponse): void {
    const found = this.artifacts.get(hash);
    if (!found) return json(response, 404, { code: 'not_found', message: 'There is no such artifact.' });
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': found.bytes.length }).end(found.bytes);
  }

  private take(hash: string, bytes: Buffer, headers: IncomingMessage['headers'], response: ServerResponse): void {
    const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
    if (Number(headers['content-length']) !== bytes.length || headers['content-digest'] !== digest) {
      return json(response, 400, { code: 'invalid', message: 'The body is not what its head says.' });
    }
    const there = this.artifacts.has(hash);
    const encrypted = headers['content-type'] === 'application/vnd.buildkeep.encrypted';
    if (!there) this.artifacts.set(hash, { bytes, format: encrypted ? 'encrypted' : 'tar' });
    json(response, there ? 200 : 201, { stored: !there, scope: 'shared' });
  }
}
