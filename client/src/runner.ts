// What nx calls instead of its own runner. It calls nx's own runner, with our cache beside it and our eyes on it;
// nothing that we do or fail to do changes how the command ends.
import { guard } from './guard.ts';
import { words } from './lookup.ts';
import { type Context, defaultRunner, type Runner, type Task, type RunnerOptions } from './nx.ts';
import { say } from './say.ts';
import { NotConnected, Session } from './session.ts';
import type { CacheV2 } from './cache.ts';

/** nx asks for the cache without saying for what: it is that of the command that runs. */
let current: Session | undefined;

function begin(tasks: Task[], options: RunnerOptions, context: Context): { session?: Session; line?: string } {
  try {
    return { session: Session.begin(tasks, options, context, options.lifeCycle) };
  } catch (error) {
    if (error instanceof NotConnected) return error.silent ? {} : { line: error.message };
    return { line: `not used for this command: ${words(error)}.` };
  }
}

async function end(session: Session | undefined, line: string | undefined, results?: Record<string, string>): Promise<void> {
  try {
    if (line) say(line);
    await session?.end(results);
  } catch (error) {
    say(`this run could not be recorded: ${words(error)}.`);
  }
}

export const nxCloudTasksRunner: Runner = async (tasks, options, context) => {
  const run = defaultRunner();
  const letGo = guard();
  const before = current;
  try {
    const { session, line } = begin(tasks, options, context);
    current = session;
    if (!session) {
      const results = await run(tasks, options, context);
      await end(undefined, line);
      return results;
    }
    const ours = { ...options, lifeCycle: session.lifeCycle, ...(session.cache ? { remoteCache: session.cache.v1 } : {}) };
    let results: Record<string, string> | undefined;
    try {
      results = await run(tasks, ours, context);
    } finally {
      await end(session, line, results);
    }
    return results;
  } finally {
    current = before;
    letGo();
  }
};

/** The cache of nx 20 and newer; null means: none. */
export function getRemoteCache(): CacheV2 | null {
  return current?.cache?.v2 ?? null;
}
