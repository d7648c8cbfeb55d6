// Which credential a command uses: the first that there is, in the documented order. It is never printed.
import { logins, place, section } from './ini.ts';
import type { Settings } from './settings.ts';
import type { RunStart } from './shapes.ts';

export interface Credential {
  kind: 'token' | 'personal access token' | 'nxCloudId';
  /** Goes into `Authorization: Bearer`. */
  token?: string;
  /** Goes into `Nx-Cloud-Id`. */
  nxCloudId?: string;
  /** Where it was found, for people. */
  source: string;
}

/** A token as people may see it: its kind and its last four characters. */
export function masked(token: string): string {
  const kind = /^bk[a-z]+_/.exec(token)?.[0] ?? '';
  return token.length >= 20 ? `${kind}…${token.slice(-4)}` : '…';
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() ? value.trim() : undefined);

function tokenOf({ read, options, nxJson }: Settings): { token: string; source: string } | undefined {
  const set = [read('NX_CLOUD_ACCESS_TOKEN'), read('NX_CLOUD_AUTH_TOKEN')];
  for (const source of ['environment', 'nx-cloud.env'] as const) {
    const found = set.find((one) => one?.source === source);
    if (found) return { token: found.value, source };
  }
  const token = text(options.accessToken) ?? text(nxJson.nxCloudAccessToken);
  return token ? { token, source: 'nx.json' } : undefined;
}

function personal(url: string): string | undefined {
  try {
    return logins().get(section(url));
  } catch {
    // A file that cannot be read counts as none.
    return undefined;
  }
}

/** The credential of a command; none means: not connected. */
export function credential(settings: Settings): Credential | undefined {
  const nxCloudId = text(settings.options.nxCloudId) ?? text(settings.nxJson.nxCloudId);
  const found = tokenOf(settings);
  if (found) return { kind: 'token', ...found, ...(nxCloudId ? { nxCloudId } : {}) };
  if (!nxCloudId) return undefined;
  const token = settings.url ? personal(settings.url) : undefined;
  if (token) return { kind: 'personal access token', token, nxCloudId, source: place() };
  return { kind: 'nxCloudId', nxCloudId, source: 'nx.json' };
}

/** Where it was found, as the server is told. */
export function foundIn({ source }: Credential): NonNullable<RunStart['credential_source']> {
  switch (source) {
    case 'environment': return 'environment';
    case 'nx-cloud.env': return 'file';
    case 'nx.json': return 'nx_json';
    default: return 'login';
  }
}

/** What it is and where it comes from, in words without secrets. */
export function describe(one: Credential): string {
  const value = one.token ? ` ${masked(one.token)}` : '';
  return `${one.kind}${value} from ${one.source === 'environment' ? 'the environment' : one.source}`;
}
