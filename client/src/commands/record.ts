// `record -- <command>`: any command as a run with one task. Its output, its exit code and its signals stay its own.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { Api } from '../api.ts';
import { watchExit } from '../goodbye.ts';
import { hiding } from '../hide.ts';
import { words } from '../lookup.ts';
import { nxVersion, type Task } from '../nx.ts';
import { Recorder } from '../recorder.ts';
import { say } from '../say.ts';
import { connect, MOST_COMMAND, runStart, unrecorded } from '../session.ts';
import { cut } from '../text.ts';
import { summary } from '../whoami.ts';
import { type Command, here, Stop } from './command.ts';
import { Passage } from './passage.ts';

export const record: Command = {
  usage: '-- <command>',
  about: 'Run a command that is not an nx task, and record it as a run.',
  async run(args) {
    const line = args[0] === '--' ? args.slice(1) : args;
    if (line.length === 0) throw new Stop('Which command? nx-cloud record -- npx nx format:check');
    const task: Task = { id: 'record:command', target: { project: 'record', target: 'command' }, startTime: Date.now(), cache: false, overrides: { __overrides_unparsed__: line } };
    // What we read from .env files is ours; the command has its own environment.
    const environment = { ...process.env };
    const watch = begin(task, line);
    watch.recorder?.startTasks([task]);
    const code = await execute(line, environment, (text) => watch.recorder?.appendTaskOutput(task.id, text));
    await watch.end(code);
    return code;
  },
};

/** Standard output belongs to the command. */
const tell = (line: string) => say(line, process.stderr);

function begin(task: Task, line: string[]): { recorder?: Recorder; end: (code: number) => Promise<void> } {
  try {
    const config = here();
    for (const warning of config.warnings) tell(warning);
    if (config.off) return { end: async () => {} };
    const { connection, sent } = connect(config);
    const key = randomBytes(32).toString('hex');
    const hide = hiding(config.maskedProperties);
    const start = runStart(key, { ...config, cache: false }, { command: cut(hide.words(line), MOST_COMMAND), tasks: 1, nx_version: nxVersion() });
    const recorder = new Recorder(new Api(connection), key, start, {
      numbers: new Map([[task.id, 0]]), dependencies: () => [], cacheable: () => false, miss: () => 'not_cacheable', stored: () => undefined, logs: config.uploadLogs, hide,
    });
    const forget = watchExit(connection, recorder);
    const end = async (code: number) => {
      try {
        recorder.endTasks([{ task: { ...task, endTime: Date.now() }, status: code === 0 ? 'success' : 'failure', code }]);
        await recorder.end(code === 0 ? 'success' : code === 130 || code === 143 ? 'cancelled' : 'failure', 0, config.noTimeouts);
        forget();
        if (recorder.answer) tell(summary(recorder.answer.whoami, sent, connection.execution !== undefined));
        for (const line of unrecorded(recorder, connection)) tell(line);
        if (recorder.run) tell(`run: ${recorder.run.url}`);
      } catch {}
    };
    return { recorder, end };
  } catch (error) {
    return { end: async () => tell(`this run is not recorded: ${words(error)}.`) };
  }
}

/** Runs it with the same input and output; answers its exit code as a shell would, when it ends. */
function execute(line: string[], environment: NodeJS.ProcessEnv, seen: (text: string) => void): Promise<number> {
  return new Promise((done) => {
    const [program, ...args] = line as [string, ...string[]];
    // One word is what a person quoted: a line for the shell. On Windows programs like npx are scripts of it.
    const shell = line.length === 1 || process.platform === 'win32';
    // It does not see the terminal any more; colours are wanted all the same.
    const colours = process.stdout.isTTY && !process.env.NO_COLOR && !process.env.FORCE_COLOR ? { FORCE_COLOR: '1' } : {};
    const child = spawn(program, args, { shell, stdio: ['inherit', 'pipe', 'pipe'], env: { ...environment, ...colours } });
    const passages = [new Passage(child.stdout, process.stdout, seen), new Passage(child.stderr, process.stderr, seen)];
    // Ctrl+C reaches the command by itself, and we stay to tell how it ended.
    const stay = () => {};
    const pass = (signal: NodeJS.Signals) => void child.kill(signal);
    process.on('SIGINT', stay).on('SIGTERM', pass).on('SIGHUP', pass);
    const end = (code: number) => {
      process.off('SIGINT', stay).off('SIGTERM', pass).off('SIGHUP', pass);
      done(code);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      console.error(error.code === 'ENOENT' ? `${program}: command not found` : error.message);
      end(error.code === 'ENOENT' ? 127 : 126);
    });
    // Not `close`: what the command has left running may hold its output for ever.
    child.once('exit', (code, signal) => {
      void Promise.all(passages.map((one) => one.drained())).then(() => end(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  });
}
