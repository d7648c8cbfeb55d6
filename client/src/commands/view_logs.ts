// `view-logs`: uploads what nx wrote down about its last command, which was run without us, and prints where to see it.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Api } from '../api.ts';
import { hiding } from '../hide.ts';
import { nxVersion, type Task } from '../nx.ts';
import { Recorder } from '../recorder.ts';
import { say } from '../say.ts';
import { connect, MOST_COMMAND, runStart } from '../session.ts';
import type { RunStart } from '../shapes.ts';
import { cacheFolders, left } from '../terminal_outputs.ts';
import { cut } from '../text.ts';
import { type Command, given, here, Stop } from './command.ts';

interface RunFile {
  run: { command: string; startTime: string; endTime: string; inner?: boolean };
  tasks: { taskId: string; target: string; projectName: string; hash?: string; startTime: string; endTime: string; params?: string; cacheStatus: string; status: number }[];
}

const STATUS: Record<string, string> = { 'remote-cache-hit': 'remote-cache', 'local-cache-hit': 'local-cache' };

export const viewLogs: Command = {
  usage: '',
  about: 'Upload the last nx command of this workspace as a run, and print its page.',
  async run(args) {
    given(args, ['help']);
    const config = here();
    const { connection } = connect(config);
    const { folder, file } = find(config.root);
    const key = randomBytes(32).toString('hex');
    const tasks = file.tasks.map((one) => taskOf(one));
    const hide = hiding(config.maskedProperties);
    const start: Promise<RunStart> = runStart(key, config, { command: cut(hide.line(String(file.run.command)), MOST_COMMAND), tasks: tasks.length, nx_version: nxVersion() })
      .then((body) => ({ ...body, started_at: dateOf(file.run.startTime).toISOString(), inner: file.run.inner === true }));
    const recorder = new Recorder(new Api(connection), key, start, {
      numbers: new Map(tasks.map(({ id }, number) => [id, number])), dependencies: () => [], cacheable: ({ hash }) => hash !== undefined,
      miss: () => undefined, stored: () => undefined, logs: config.uploadLogs, hide,
    });
    recorder.startTasks(tasks);
    recorder.endTasks(file.tasks.map((one, index) => ({
      task: tasks[index] as Task, status: STATUS[one.cacheStatus] ?? (one.status === 0 ? 'success' : 'failure'), code: one.status,
      ...logOf(folder, one.hash),
    })));
    const failed = file.tasks.some(({ status }) => status !== 0);
    await recorder.end(failed ? 'failure' : 'success', 0, config.noTimeouts, dateOf(file.run.endTime));
    if (recorder.problem !== undefined) throw recorder.problem;
    if (!recorder.run) throw new Stop('The server does not record runs for this credential: see nx-cloud whoami.');
    say(`run: ${recorder.run.url}`);
    return 0;
  },
};

function taskOf({ taskId, target, projectName, hash, startTime, endTime }: RunFile['tasks'][number]): Task {
  const [, , configuration] = taskId.split(':');
  return {
    id: taskId, target: { project: projectName, target, ...(configuration ? { configuration } : {}) },
    ...(hash ? { hash } : {}), startTime: Date.parse(startTime), endTime: Date.parse(endTime),
  };
}

/** A time as nx wrote it; now, when it is none. */
const dateOf = (text: string): Date => new Date(Date.parse(text) || Date.now());

function logOf(folder: string, hash: string | undefined): { terminalOutput?: string } {
  const terminalOutput = left([folder], hash)?.text();
  return terminalOutput === undefined ? {} : { terminalOutput };
}

function find(root: string): { folder: string; file: RunFile } {
  for (const folder of cacheFolders(root)) {
    try {
      const file = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunFile;
      if (!Array.isArray(file.tasks) || !file.run?.startTime) continue;
      // One that cannot be read is left out, and not all of them.
      return { folder, file: { ...file, tasks: file.tasks.filter((one) => typeof one?.taskId === 'string' && one.target && one.projectName) } };
    } catch {}
  }
  throw new Stop('nx has not written down any command here yet: run one, then try again.');
}
