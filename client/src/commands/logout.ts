import { nothing, Refused } from '../api.ts';
import { forget, logins, place, section } from '../ini.ts';
import { say } from '../say.ts';
import { type Command, given, here, sentence, Stop, stranger } from './command.ts';

export const logout: Command = {
  usage: '[server address] [--all]',
  about: 'Revoke the personal access token of this machine, and forget it.',
  async run(args) {
    const { words, flag } = given(args, ['all', 'help']);
    const known = logins();
    if (known.size === 0) {
      say(`there is no login in ${place()}.`);
      return 0;
    }
    let failed = false;
    for (const url of chosen(known, words[0], flag('all'))) {
      const problem = await revoke(url, known.get(url) as string);
      forget(url);
      if (problem) failed = true;
      say(problem ? `${url}: the token is forgotten here, but it could not be revoked (${problem}) Revoke it on your profile page there.`
        : `${url}: the token is revoked, and forgotten here.`);
    }
    return failed ? 1 : 0;
  },
};

function chosen(known: Map<string, string>, word: string | undefined, all: boolean): string[] {
  const servers = [...known.keys()];
  if (all) return servers;
  const wanted = word ?? (servers.length === 1 ? servers[0] : here().url);
  const found = servers.find((url) => wanted !== undefined && url === section(wanted));
  if (found) return [found];
  throw new Stop(`${word ? `There is no login for ${word}.` : 'There are several logins.'} Give one address, or --all:\n${servers.join('\n')}`);
}

/** Why it did not work, when it did not. */
async function revoke(url: string, token: string): Promise<string | undefined> {
  try {
    await stranger(url, token).json('DELETE', '/api/v1/personal-access-token', undefined, nothing);
    return undefined;
  } catch (error) {
    // Who is not known any more is revoked already.
    return error instanceof Refused && error.status === 401 ? undefined : sentence(error);
  }
}
