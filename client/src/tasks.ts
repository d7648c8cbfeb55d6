// What a run tells of its tasks: nx's words in ours.
import { createHash } from 'node:crypto';
import type { Hide } from './hide.ts';
import type { Context, Task, TaskResult } from './nx.ts';
import type { MissReason, WireTask } from './shapes.ts';
import { cut, toJson } from './text.ts';

const MOST_HASH_DETAILS = 64 << 10;
const MOST_TEXT = 2_000;

/** nx's status in ours, and what it says about the cache. */
const STATUS: Record<string, Pick<WireTask, 'status' | 'cache'>> = {
  'success': { status: 'success', cache: 'miss' },
  'failure': { status: 'failure', cache: 'miss' },
  'skipped': { status: 'skipped' },
  'stopped': { status: 'stopped', cache: 'miss' },
  'local-cache': { status: 'success', cache: 'local_hit' },
  'local-cache-kept-existing': { status: 'success', cache: 'local_kept' },
  'remote-cache': { status: 'success', cache: 'remote_hit' },
  'cache': { status: 'success', cache: 'local_hit' },
};

/** The name under which those details stand for which there is no room: how many, and what tells them from others. */
export const REST = '…';

/** The details of a hash as one flat map; none when there are none. What is too much for the server stands together under `REST`. */
export function hashDetails({ hashDetails: details }: Task): Record<string, string> | undefined {
  if (!details) return undefined;
  const flat: [string, string][] = details.command ? [['command', details.command]] : [];
  for (const [group, values] of [['', details.nodes], ['implicitDeps:', details.implicitDeps], ['runtime:', details.runtime]] as const) {
    for (const [name, value] of Object.entries(values ?? {})) flat.push([`${group}${name}`, String(value)]);
  }
  if (flat.length === 0) return undefined;
  // No unit takes more than six bytes in JSON: only what may be too much is measured.
  if (flat.reduce((sum, [name, value]) => sum + name.length + value.length + 6, 0) * 6 <= MOST_HASH_DETAILS) return Object.fromEntries(flat);
  const size = ([name, value]: [string, string]) => Buffer.byteLength(toJson(name)) + Buffer.byteLength(toJson(value)) + 2;
  if (flat.reduce((sum, one) => sum + size(one), 2) <= MOST_HASH_DETAILS) return Object.fromEntries(flat);
  // The same ones each time, so that two hashes can be compared: the server knows that they are in this order.
  flat.sort(([one], [two]) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
  let room = MOST_HASH_DETAILS - 200;
  const fits = flat.findIndex((one) => (room -= size(one)) < 0);
  const rest = flat.slice(fits);
  const digest = createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 16);
  return { ...Object.fromEntries(flat.slice(0, fits)), [REST]: `${rest.length} more, together ${digest}` };
}

/** Whether nx may cache its result; older versions go by the name of the target. */
export function isCacheable(task: Task, options: { cacheableOperations?: string[]; cacheableTargets?: string[] }): boolean {
  if (typeof task.cache === 'boolean') return task.cache;
  return (options.cacheableOperations ?? options.cacheableTargets ?? []).includes(task.target.target);
}

function params({ overrides }: Task, hide: Hide): string | undefined {
  const typed = overrides?.__overrides_unparsed__;
  return Array.isArray(typed) && typed.length > 0 ? cut(hide.words(typed.map(String)), MOST_TEXT) : undefined;
}

/** A task that has begun. */
export function begun(task: Task, number: number, attempt: number, cacheable: boolean, dependsOn: number[], hide: Hide): WireTask {
  const { project, target, configuration } = task.target;
  const typed = params(task, hide);
  return {
    number, attempt, id: task.id, project, target, ...(configuration ? { configuration } : {}),
    // The details of the hash are large: they come with the end.
    ...(task.hash ? { hash: task.hash } : {}), ...(typed ? { params: typed } : {}), cacheable, continuous: task.continuous === true, depends_on: dependsOn,
    status: 'running', started_at: time(task.startTime),
  };
}

/** nx hashes some tasks only when those that they wait for are over. */
export function hashOf(task: Task): Pick<WireTask, 'hash' | 'hash_details'> {
  const details = hashDetails(task);
  return { ...(task.hash ? { hash: task.hash } : {}), ...(details ? { hash_details: details } : {}) };
}

/** The same task, ended. `miss` says why the cache did not help; `replayed`: a failure that came from this machine's own cache. */
export function ended(before: WireTask, { task, status, code }: TaskResult, miss: MissReason | undefined, replayed = false): WireTask {
  const known: Pick<WireTask, 'status' | 'cache'> = STATUS[status] ?? { status: code === 0 ? 'success' : 'failure', cache: 'miss' };
  const found = replayed && known.status === 'failure' ? { ...known, cache: 'local_hit' as const } : known;
  const { cache } = found;
  const failed = found.status === 'success' && code ? { status: 'failure' as const } : {};
  const { miss: _, ...rest } = before;
  if (found.status === 'skipped') {
    const { started_at: _never, ...waited } = rest;
    return { ...waited, ...found, ...hashOf(task) };
  }
  return {
    ...rest, ...found, ...failed, ...hashOf(task), ...(cache === 'miss' && miss ? { miss } : {}),
    ...(typeof code === 'number' && Number.isInteger(code) ? { code } : {}),
    // nx 17 and 18 do not say when a task ended.
    ended_at: time(task.endTime),
  };
}

const time = (ms: number | undefined): string => new Date(typeof ms === 'number' && ms > 0 ? ms : Date.now()).toISOString();

/** Numbers of all tasks, in the order of the graph. */
export function numbers(tasks: Task[], context: Context): Map<string, number> {
  const ids = new Set([...tasks.map(({ id }) => id), ...Object.keys(context.taskGraph?.tasks ?? {})]);
  return new Map([...ids].map((id, number) => [id, number]));
}

/** The tasks that each task waits for. */
export function dependencies({ taskGraph }: Context): (id: string) => string[] {
  const all = [taskGraph?.dependencies, taskGraph?.continuousDependencies];
  return (id) => [...new Set(all.flatMap((edges) => edges?.[id] ?? []).map((edge) => (typeof edge === 'string' ? edge : edge.id)))];
}
