// The proxy on the way to a server, by the variables that all programs read. When it fails, it is named, and not the server.
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy, and the variable that named it. */
export interface Proxy {
  url: URL;
  variable: string;
}

/** The proxy cannot be used, whatever the server is like. */
export class ProxyFault extends Error {}

/** Milliseconds that a proxy has to open a tunnel. */
const LONGEST = 15_000;

const bare = (host: string) => host.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase();
const portOf = ({ port, protocol }: URL) => Number(port) || (protocol === 'https:' ? 443 : 80);

function variable(...names: string[]): { name: string; value: string } | undefined {
  for (const name of names) {
    // The small spelling counts before the large one, as with curl.
    for (const spelled of [name.toLowerCase(), name.toUpperCase()]) {
      const value = process.env[spelled]?.trim();
      if (value) return { name: spelled, value };
    }
  }
  return undefined;
}

/** Whether one entry of NO_PROXY is meant for this address: a name with all below it, an address, a network, each with a port or without. */
function covers(entry: string, host: string, port: number): boolean {
  const [, bracketed, name = '', only] = /^(?:\[(.+)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
  if (only && Number(only) !== port) return false;
  const rule = bare(bracketed ?? name);
  if (rule === '*' || rule === host) return true;
  const [network = '', bits] = rule.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (bits !== undefined && isIP(network) > 0 && isIP(network) === isIP(host)) {
    try {
      const block = new BlockList();
      block.addSubnet(network, Number(bits), family);
      return block.check(host, family);
    } catch {
      return false;
    }
  }
  const below = rule.replace(/^\*?\./, '');
  return below !== '' && isIP(host) === 0 && (host === below || host.endsWith(`.${below}`));
}

/** The proxy for this address; none when there is none. Throws `ProxyFault` when one is named that cannot be used. */
export function proxyFor(url: URL): Proxy | undefined {
  const host = bare(url.hostname);
  const found = variable(`${url.protocol.slice(0, -1)}_proxy`, 'all_proxy');
  if (!found) return undefined;
  const around = variable('no_proxy')?.value.split(/[,\s]+/).filter(Boolean) ?? [];
  if (around.some((entry) => covers(entry, host, portOf(url)))) return undefined;
  let proxy: URL;
  try {
    proxy = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(found.value) ? found.value : `http://${found.value}`);
  } catch {
    throw new ProxyFault(`${found.name} is not the address of a proxy, like http://proxy.example.com:3128`);
  }
  if (!/^https?:$/.test(proxy.protocol)) {
    throw new ProxyFault(`${found.name} names a ${proxy.protocol.slice(0, -1)} proxy, which this client cannot use: name an HTTP proxy, or put ${host} into NO_PROXY`);
  }
  return { url: proxy, variable: found.name };
}

/** A proxy for people: never with its password. */
export const nameOf = ({ url, variable: name }: Proxy): string => `the proxy ${url.protocol}//${url.host} (${name})`;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the proxy is told of its user. */
export function authorization({ url }: Proxy): Record<string, string> {
  if (!url.username && !url.password) return {};
  return { 'proxy-authorization': `Basic ${Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString('base64')}` };
}

/** Where the proxy itself is asked; over TLS when its address says so. */
export function toProxy({ url }: Proxy): { request: typeof http.request; host: string; port: number; servername?: string } {
  const host = bare(url.hostname);
  const secure = url.protocol === 'https:';
  // Its own name, not that of the server behind it; an address is none that TLS knows.
  return { request: secure ? https.request : http.request, host, port: portOf(url), ...(secure ? { servername: isIP(host) === 0 ? host : '' } : {}) };
}

const REFUSED: Record<number, string> = {
  407: 'asks for a user and a password: write them as http://user:password@host:port',
  403: 'does not let us through to the server',
};

/** What a proxy's answer means that is not the server's. */
export const refusedBy = (proxy: Proxy, status: number): string => `${nameOf(proxy)} ${REFUSED[status] ?? `answered ${status}`}`;

/** Connections to servers over TLS, through a tunnel that the proxy opens. */
export class Tunnels extends https.Agent {
  constructor(private readonly proxy: Proxy, options: https.AgentOptions) {
    super(options);
  }

  override createConnection(options: https.RequestOptions, done: (error: Error | null, stream: Duplex) => void): undefined {
    const failed = (error: Error) => done(error, undefined as never);
    const { request, ...place } = toProxy(this.proxy);
    const host = bare(String(options.host));
    const to = `${isIP(host) === 6 ? `[${host}]` : host}:${options.port ?? 443}`;
    const fail = (error: NodeJS.ErrnoException) => failed(Object.assign(new ProxyFault(error.message), { code: error.code }));
    const asked = request({ ...place, method: 'CONNECT', path: to, agent: false, setHost: false, headers: { host: to, ...authorization(this.proxy) } });
    asked.once('connect', (response, socket) => {
      socket.setTimeout(0);
      if (response.statusCode !== 200) {
        socket.destroy();
        failed(new ProxyFault(refusedBy(this.proxy, response.statusCode ?? 0)));
        return;
      }
      done(null, super.createConnection({ ...options, socket, ...(isIP(host) === 0 ? { servername: host } : {}) } as https.RequestOptions) as Duplex);
    });
    asked.setTimeout(LONGEST, () => asked.destroy(Object.assign(new Error('it did not answer in time'), { code: 'ETIMEDOUT' })));
    asked.once('error', fail);
    asked.end();
    return undefined;
  }
}
