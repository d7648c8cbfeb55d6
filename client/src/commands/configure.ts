import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { masked } from '../credentials.ts';
import { keep } from '../ini.ts';
import { say } from '../say.ts';
import { type Command, given, serverOf, Stop } from './command.ts';

export const configure: Command = {
  usage: '[--personal-access-token <token>] [--nx-cloud-url <server address>]',
  about: 'Keep a personal access token that you made on your profile page.',
  help: 'Without --personal-access-token it is read from standard input, so that it stays out of the history of your shell.',
  async run(args) {
    const { value } = given(args, ['help'], ['personal-access-token', 'personalAccessToken', 'nx-cloud-url', 'nxCloudUrl']);
    const url = serverOf(value('nx-cloud-url') ?? value('nxCloudUrl'));
    const token = (value('personal-access-token') ?? value('personalAccessToken') ?? await readToken()).trim();
    if (!/^[\x21-\x7e]{8,500}$/.test(token)) throw new Stop('That is not a token: copy it as a whole, as it was shown when it was made.');
    say(`the personal access token ${masked(token)} for ${url} is kept in ${keep(url, token)}.`);
    return 0;
  },
};

/** One line of standard input; what is typed is not shown. */
function readToken(): Promise<string> {
  const terminal = Boolean(process.stdin.isTTY);
  if (terminal) process.stdout.write('Personal access token: ');
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal });
  return new Promise((done) => {
    lines.once('line', (line) => {
      done(line);
      lines.close();
    });
    lines.once('close', () => {
      if (terminal) process.stdout.write('\n');
      done('');
    });
  });
}
