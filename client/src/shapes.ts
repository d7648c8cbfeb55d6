// Answers come from outside: what does not look as the wire says is not used.
import type { components } from './wire.ts';

type Schemas = components['schemas'];
export type Found = Schemas['Found'];
export type Known = Schemas['Known'];
export type LogPiece = Schemas['LogPiece'];
export type Login = Schemas['Login'];
export type LoginState = Schemas['LoginState'];
export type Problem = Schemas['Problem'];
export type RunEnd = Schemas['RunEnd'];
export type RunStart = Schemas['RunStart'];
export type RunStarted = Schemas['RunStarted'];
export type Stored = Schemas['Stored'];
export type WireTask = Schemas['Task'];
export type MissReason = Schemas['MissReason'];
export type Whoami = Schemas['Whoami'];

/** The server answered something else than it should. */
export class Unreadable extends Error {}

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable();
  return value as Fields;
}

function text(value: unknown, most = 2000): string {
  if (typeof value !== 'string' || value.length > most) throw new Unreadable();
  return value;
}

function maybe(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : text(value);
}

function count(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Unreadable();
  return value;
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Unreadable();
  return value;
}

function oneOf<T extends string>(value: unknown, ...all: T[]): T {
  if (!all.includes(value as T)) throw new Unreadable();
  return value as T;
}

/** An address that a person may open. */
export function link(value: unknown): string {
  let url: URL;
  try {
    url = new URL(text(value));
  } catch {
    throw new Unreadable();
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Unreadable();
  return url.href;
}

function artifact(value: unknown): Known {
  const { scope, bytes, format, sha256 } = fields(value);
  const digest = maybe(sha256);
  return {
    scope: oneOf(scope, 'shared', 'execution'), bytes: count(bytes), format: oneOf(format, 'tar', 'encrypted'),
    ...(digest ? { sha256: digest.toLowerCase() } : {}),
  };
}

export function found(value: unknown): Found {
  const { artifacts, store, most_bytes } = fields(value);
  const known: Found['artifacts'] = {};
  const all = Object.entries(fields(artifacts));
  for (const [hash, one] of all) {
    try {
      known[hash] = artifact(one);
    } catch {
      // One that cannot be read is one that is not there; all others stay.
    }
  }
  if (all.length > 0 && Object.keys(known).length === 0) throw new Unreadable();
  // What a newer server may call a place to store is none that we know: read only.
  const place = ['shared', 'execution', 'read_only', 'over_limit'].includes(store as string) ? store : 'read_only';
  return { artifacts: known, store: place as Found['store'], most_bytes: count(most_bytes) };
}

export function stored(value: unknown): Stored {
  const { stored: now, scope } = fields(value);
  return { stored: flag(now), scope: oneOf(scope, 'shared', 'execution') };
}

export function whoami(value: unknown): Whoami {
  const { server_version, workspace, credential, access, notice } = fields(value);
  const place = fields(workspace);
  const who = fields(credential);
  const rights = fields(access);
  return {
    server_version: text(server_version),
    workspace: {
      nx_cloud_id: text(place.nx_cloud_id), name: maybe(place.name),
      organization: maybe(place.organization), url: maybe(place.url),
    },
    credential: {
      kind: oneOf(who.kind, 'ci_token', 'personal_access_token', 'nx_cloud_id'),
      name: maybe(who.name), expires_at: maybe(who.expires_at),
    },
    access: {
      shared: oneOf(rights.shared, 'none', 'read', 'read_write'),
      execution: flag(rights.execution), records_runs: flag(rights.records_runs),
    },
    ...(notice === 'not_a_member' || notice === 'sign_in_required' ? { notice } : {}),
  };
}

export function runStarted(value: unknown): RunStarted {
  const { run, whoami: who } = fields(value);
  if (run === undefined || run === null) return { whoami: whoami(who) };
  const { id, url } = fields(run);
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(text(id))) throw new Unreadable();
  return { run: { id: text(id), url: link(url) }, whoami: whoami(who) };
}

export function login(value: unknown): Login {
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = fields(value);
  return {
    device_code: text(device_code), user_code: text(user_code, 40),
    verification_uri: link(verification_uri), verification_uri_complete: link(verification_uri_complete),
    expires_in: count(expires_in), interval: count(interval),
  };
}

export function loginState(value: unknown): LoginState {
  const { status, token, person, expires_at } = fields(value);
  if (status === 'granted') return { status, token: text(token, 500), person: text(person), expires_at: maybe(expires_at) };
  return { status: oneOf(status, 'authorization_pending', 'slow_down', 'access_denied', 'expired_token') };
}

/** A refusal, when it is one of ours. */
export function problem(value: unknown): Problem | undefined {
  try {
    const { code, message } = fields(value);
    return { code: text(code) as Problem['code'], message: text(message) };
  } catch {
    return undefined;
  }
}
