// The parts of nx that we meet, as far as all versions from 17 on have them, and the way to nx's own code.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NxJson, Options } from './settings.ts';

export interface Task {
  id: string;
  target: { project: string; target: string; configuration?: string };
  overrides?: Record<string, unknown>;
  /** Where it writes, below the workspace; with patterns. */
  outputs?: string[];
  hash?: string;
  hashDetails?: { command?: string; nodes?: Record<string, string>; implicitDeps?: Record<string, string>; runtime?: Record<string, string> };
  startTime?: number;
  endTime?: number;
  cache?: boolean;
  continuous?: boolean;
}

export interface TaskResult {
  task: Task;
  status: string;
  code?: number;
  terminalOutput?: string;
}

/** Methods differ by version; we forward all of them and look at some. */
export type LifeCycle = Record<string, unknown>;

/** What of them we look at. */
export interface Observer {
  startTasks?(tasks: Task[]): void;
  endTasks?(results: TaskResult[]): void;
  printTaskTerminalOutput?(task: Task, status: string, output: string): void;
  appendTaskOutput?(taskId: string, output: string): void;
}

export type Edges = Record<string, (string | { id: string })[]>;

export interface Context {
  nxJson?: NxJson;
  /** From nx 24 on, edges are objects. */
  taskGraph?: { tasks?: Record<string, Task>; dependencies?: Edges; continuousDependencies?: Edges };
  [other: string]: unknown;
}

export type RunnerOptions = Options & { lifeCycle: LifeCycle; remoteCache?: unknown; clientVersion?: string };
export type Runner = (tasks: Task[], options: RunnerOptions, context: Context) => Promise<Record<string, string>>;

let paths: string[] = [];

/** nx tells where its own modules are: the bundle may lie in the home folder, from where nothing is found. */
export function configureLightClientRequire() {
  return (given: string[]): void => {
    paths = given;
  };
}

/** The folder with `node_modules`, when it is the workspace's. */
export const installedIn = (): string | undefined => (paths[0] ? dirname(paths[paths.length - 1] as string) : undefined);

/** Where a module of nx is: by the folders that nx told, else as the running nx itself would find it (Yarn PnP has no folders). */
function find(name: string): string {
  try {
    return require.resolve(name, { paths });
  } catch (error) {
    const main = require.main?.filename ?? process.argv[1];
    if (!main) throw error;
    return createRequire(main).resolve(name);
  }
}

/** nx's own runner. */
export function defaultRunner(): Runner {
  const found = require(find('nx/tasks-runners/default')) as { default?: Runner } | Runner;
  return typeof found === 'function' ? found : (found.default as Runner);
}

/** A module of nx that not every version has. */
export function requireNx<T>(name: string): T | undefined {
  try {
    return require(find(name)) as T;
  } catch {
    return undefined;
  }
}

export function nxVersion(): string {
  for (const path of paths) {
    try {
      return (JSON.parse(readFileSync(join(path, 'nx', 'package.json'), 'utf8')) as { version: string }).version;
    } catch {}
  }
  return requireNx<{ version?: string }>('nx/package.json')?.version ?? 'unknown';
}

/** A life cycle that does what `original` does, and lets us look on. We never stand in its way. */
export function observed(original: LifeCycle, observer: Observer): LifeCycle {
  return new Proxy(original, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      const look = observer[name as keyof Observer] as ((...args: unknown[]) => void) | undefined;
      return (...args: unknown[]): unknown => {
        try {
          look?.apply(observer, args);
        } catch {}
        return Reflect.apply(method, target, args);
      };
    },
  });
}
