// The commands behind `nx-cloud <name>` and `nx <name>`.
import { plain, say } from '../say.ts';
import { version } from '../version.ts';
import { agents } from './agents.ts';
import { type Command, sentence } from './command.ts';
import { configure } from './configure.ts';
import { convert } from './convert.ts';
import { doctor } from './doctor.ts';
import { login } from './login.ts';
import { logout } from './logout.ts';
import { record } from './record.ts';
import { viewLogs } from './view_logs.ts';
import { whoami } from './whoami.ts';

/** `nx reset` calls it. What we keep lies in folders that nx removes itself. */
const cleanup: Command = { usage: '', about: 'Called by nx reset.', run: async () => 0 };

const table: Record<string, Command> = {
  login, logout, configure, whoami, doctor, 'convert-to-nx-cloud-id': convert, record, 'view-logs': viewLogs,
  'upload-and-show-run-details': viewLogs, ...agents, cleanup,
};
const SHOWN = ['login', 'logout', 'configure', 'whoami', 'doctor', 'convert-to-nx-cloud-id', 'record', 'view-logs'];

function helpOf(name: string, { usage, about, help }: Command): string {
  return [`nx-cloud ${name} ${usage}`.trim(), '', about, ...(help ? [help] : [])].join('\n');
}

function help(): string {
  const width = Math.max(...SHOWN.map((name) => name.length)) + 2;
  const lines = SHOWN.map((name) => `  ${name.padEnd(width)}${table[name]?.about ?? ''}`);
  return [`nx-cloud: the command line of Buildkeep (client ${version})`, '', ...lines, '', 'nx-cloud <command> --help says more.'].join('\n');
}

/** Runs one command; answers its exit code. It never throws. */
async function invoke(name: string, args: string[]): Promise<number> {
  const command = table[name] as Command;
  // What follows `--` belongs to another command.
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : name === 'record' ? args.slice(0, 1) : args;
  if (own.includes('--help') || own.includes('-h')) {
    console.log(helpOf(name, command));
    return 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    say(sentence(error));
    return 1;
  }
}

/** nx passes no arguments: they are where the person typed them. */
const typed = (name: string): string[] => (process.argv[2] === name ? process.argv.slice(3) : []);

/** What nx looks up by name. Some versions print a rejection as a crash, so failures end the process themselves. */
export const commands: Record<string, () => Promise<void>> = Object.fromEntries(Object.keys(table).map((name) => [name, async () => {
  const code = await invoke(name, typed(name));
  if (code !== 0) process.exit(code);
}]));

/** nx 24 leaves `nx-cloud …` to us. */
export async function runCLI(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(help());
    return 0;
  }
  if (name === '--version' || name === 'version') {
    console.log(version);
    return 0;
  }
  if (Object.hasOwn(table, name)) return invoke(name, rest);
  say(`there is no command "${plain(name, 60)}".`);
  console.log(help());
  return 1;
}
