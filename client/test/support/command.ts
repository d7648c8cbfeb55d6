// Runs the small nx in a workspace of its own.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ID, type Fake } from './server.ts';

export interface Ended {
  code: number | null;
  text: string;
  /** Lines that the client printed. */
  said: string[];
  results: Record<string, string> | undefined;
  seconds: number;
}

export const client = process.env.BUILDKEEP_CLIENT as string;
export const bundle = join(client, '..', 'target', 'client-test', 'src', 'index.js');
export const TOKEN = 'bkci_0123456789012345678901234567890123456';

export interface Options {
  tasks?: number;
  /** What a person types behind the command. */
  args?: string[];
  env?: Record<string, string>;
  /** Called when the process runs. */
  running?: (pid: number) => void;
}

export class Workspace {
  private constructor(readonly folder: string) {}

  static async create(nxJson: object = {}): Promise<Workspace> {
    const made = new Workspace(await mkdtemp(join(tmpdir(), 'buildkeep-client-')));
    await writeFile(join(made.folder, 'nx.json'), JSON.stringify({ nxCloudId: ID, ...nxJson }));
    return made;
  }

  remove = () => rm(this.folder, { recursive: true, force: true });

  /** Forgets results and local cache. */
  async forget(): Promise<void> {
    for (const name of ['dist', '.nx']) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  environment(url: string, more: Record<string, string> = {}): Record<string, string> {
    return { PATH: process.env.PATH ?? '', HOME: this.folder, NX_CLOUD_API: url, NX_CLOUD_ACCESS_TOKEN: TOKEN, ...more };
  }

  /** One nx command. */
  async nx(fake: Fake | string, { tasks = 3, args = [], env = {}, running }: Options = {}): Promise<Ended> {
    const url = typeof fake === 'string' ? fake : fake.url;
    return this.run([join(client, 'test', 'support', 'nx.cjs'), bundle, this.folder, String(tasks), ...args], this.environment(url, env), running);
  }

  /** One command of the client. */
  cli(fake: Fake | string, args: string[], env: Record<string, string> = {}, input?: string): Promise<Ended> {
    const url = typeof fake === 'string' ? fake : fake.url;
    const script = `const c = require(${JSON.stringify(bundle)}); c.configureLightClientRequire()([]); c.runCLI(process.argv.slice(1)).then((code) => process.exit(code))`;
    return this.run(['-e', script, '--', ...args], this.environment(url, env), undefined, input);
  }

  private run(args: string[], env: Record<string, string>, running?: (pid: number) => void, input?: string): Promise<Ended> {
    const began = Date.now();
    return new Promise((done) => {
      const child = spawn(process.execPath, args, { cwd: this.folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => { text += part.toString(); });
      child.stdin.on('error', () => {});
      child.stdin.end(input);
      if (child.pid) running?.(child.pid);
      child.once('close', (code) => {
        const found = /^RESULTS (.*)$/m.exec(text)?.[1];
        done({
          code, text, seconds: (Date.now() - began) / 1000, results: found ? (JSON.parse(found) as any).results : undefined,
          said: text.split('\n').filter((line) => line.includes('Buildkeep:')),
        });
      });
    });
  }

  output = (task: number) => readFile(join(this.folder, 'dist', `${1000 + task}.txt`), 'utf8').catch(() => undefined);
}
