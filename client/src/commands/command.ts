// What all commands share.
import { parseArgs } from 'node:util';
import { Api, Refused, Unreachable } from '../api.ts';
import { words } from '../lookup.ts';
import { installedIn } from '../nx.ts';
import { NotConnected } from '../session.ts';
import { loadEnvironment, serverAddress, settings, type Settings, workspaceRoot } from '../settings.ts';
import { version } from '../version.ts';

export interface Command {
  /** What follows the name. */
  usage: string;
  /** One line for the list. */
  about: string;
  /** The rest of its help. */
  help?: string;
  /** Answers the exit code. `args` are those after the name. */
  run(args: string[]): Promise<number>;
}

/** Ends the command with a sentence and exit code 1. */
export class Stop extends Error {}

export interface Given {
  words: string[];
  flag(name: string): boolean;
  value(name: string): string | undefined;
}

/** Words, flags and values; a flag that nobody knows is an error that says so. */
export function given(args: string[], flags: string[], values: string[] = []): Given {
  const options = Object.fromEntries([
    ...[...flags, 'verbose'].map((name) => [name, { type: 'boolean' }] as const),
    ...values.map((name) => [name, { type: 'string' }] as const),
  ]);
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
    const found = values as Record<string, unknown>;
    return {
      words: positionals,
      flag: (name) => found[name] === true,
      value: (name) => {
        const one = found[name];
        return typeof one === 'string' ? one : undefined;
      },
    };
  } catch (error) {
    throw new Stop(`${words(error)}. See --help.`);
  }
}

export const root = (): string => workspaceRoot() ?? installedIn() ?? process.cwd();
/** What builds see here: nx gives them the variables of the workspace's .env files. */
export function here(): Settings {
  const folder = root();
  loadEnvironment(folder);
  return settings(folder);
}

/** The server that is meant: the word given, or the workspace's. */
export function serverOf(word: string | undefined, config = here()): string {
  const given = word ?? config.url;
  if (!given) throw new Stop('Which server? Give its address: nx-cloud login https://buildkeep.example.com, or put nxCloudUrl into nx.json.');
  const url = serverAddress(given);
  if (!url) throw new Stop(`"${given.replace(/\/\/[^/@]*@/, '//***@')}" is not an address like https://buildkeep.example.com.`);
  return url;
}

/** A server, without any credential. */
export const stranger = (url: string, token?: string): Api => new Api({ url, version, ...(token ? { token } : {}) });

/** The sentence for a person. */
export function sentence(error: unknown): string {
  if (error instanceof Refused || error instanceof Unreachable || error instanceof Stop || error instanceof NotConnected) return `${words(error)}.`;
  return `This should not have happened: ${words(error)}.`;
}
