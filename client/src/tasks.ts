// What a run tells of its tasks: nx's words in ours.
import type { Hide } from './hide.ts';
import type { Context, Task, TaskResult } from './nx.ts';
import type { MissReason, WireTask } from './shapes.ts';

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

/** The details of a hash as one flat map; none when there are none, or too many. */
export function hashDetails({ hashDetails: details }: Task): Record<string, string> | undefined {
  if (!details) return undefined;
  const flat: Record<string, string> = {};
  if (details.command) flat.command = details.command;
  for (const [group, values] of [['', details.nodes], ['implicitDeps:', details.implicitDeps], ['runtime:', details.runtime]] as const) {
    for (const [name, value] of Object.entries(values ?? {})) flat[`${group}${name}`] = String(value);
  }
  const bytes = Buffer.byteLength(JSON.stringify(flat));
  return bytes > 2 && bytes <= MOST_HASH_DETAILS ? flat : undefined;
}

/** Whether nx may cache its result; older versions go by the name of the target. */
export function isCacheable(task: Task, options: { cacheableOperations?: string[]; cacheableTargets?: string[] }): boolean {
  if (typeof task.cache === 'boolean') return task.cache;
  return (options.cacheableOperations ?? options.cacheableTargets ?? []).includes(task.target.target);
}

function params({ overrides }: Task, hide: Hide): string | undefined {
  const typed = overrides?.__overrides_unparsed__;
  return Array.isArray(typed) && typed.length > 0 ? hide.words(typed.map(String)).slice(0, MOST_TEXT) : undefined;
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

/** The same task, ended. `missOf` says why the cache did not help. */
export function ended(before: WireTask, { task, status, code }: TaskResult, miss: MissReason | undefined): WireTask {
  const found = STATUS[status] ?? { status: code === 0 ? 'success' : 'failure', cache: 'miss' };
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
