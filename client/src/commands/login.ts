// `login`: a person confirms in the browser what the terminal asks for. Works over SSH, too: any browser will do.
import { hostname } from 'node:os';
import { Api, pause } from '../api.ts';
import { credential } from '../credentials.ts';
import { keep } from '../ini.ts';
import { nxVersion } from '../nx.ts';
import { plain, say } from '../say.ts';
import { type Login, login as readLogin, type LoginState, loginState, whoami } from '../shapes.ts';
import { cut } from '../text.ts';
import { notice, summary } from '../whoami.ts';
import { hasScreen, openPage } from './browser.ts';
import { type Command, given, here, serverOf, Stop, stranger } from './command.ts';

const SLOWER = 5_000;
const SHORTEST = 200;
/** Questions without an answer, on end, until it is given up. */
const MOST_FAILURES = 10;

export const login: Command = {
  usage: '[server address]',
  about: 'Get a personal access token for this machine.',
  help: 'Opens the web app, where you confirm the code that is shown here. Over SSH, open the address on any other machine.',
  async run(args) {
    const { words } = given(args, ['help']);
    const url = serverOf(words[0]);
    const asked = await stranger(url).json('POST', '/api/v1/logins', { device: device() }, readLogin);
    show(asked);
    const granted = await wait(url, asked);
    const path = keep(url, granted.token);
    say(`logged in as ${plain(granted.person, 100)}. The personal access token is kept in ${path}`
      + `${granted.expires_at ? `, and works until ${plain(granted.expires_at.slice(0, 10))}` : ''}.`);
    await tellRights(url);
    return 0;
  },
};

const device = (): string => cut(`${hostname()} (nx ${nxVersion()})`, 100);

function show({ user_code, verification_uri, verification_uri_complete }: Login): void {
  say(`open ${verification_uri_complete}\nor ${verification_uri} and type the code there. Confirm only when the page shows this code:\n\n    ${plain(user_code)}\n`);
  if (hasScreen()) openPage(verification_uri_complete);
}

async function wait(url: string, { device_code, expires_in, interval }: Login): Promise<LoginState & { status: 'granted' }> {
  const end = Date.now() + Math.min(expires_in, 3600) * 1000;
  let every = Math.max(SHORTEST, interval * 1000);
  for (let failures = 0; Date.now() < end;) {
    await pause(every);
    let state: LoginState;
    try {
      state = await stranger(url).json('POST', '/api/v1/logins/token', { device_code }, loginState);
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures >= MOST_FAILURES) throw error;
      continue;
    }
    if (state.status === 'granted') return state;
    if (state.status === 'access_denied') throw new Stop('The login was declined in the browser.');
    if (state.status === 'expired_token') break;
    if (state.status === 'slow_down') every += SLOWER;
  }
  throw new Stop('Nobody confirmed in time: run the command again.');
}

/** What the new token is good for in this workspace. */
async function tellRights(url: string): Promise<void> {
  const config = { ...here(), url };
  const sent = credential(config);
  if (!sent) {
    say('this folder is not connected: add the nxCloudId of a workspace to nx.json (nx connect does it).');
    return;
  }
  if (sent.kind === 'token') say(`mind that the access token from ${sent.source} is used before it.`);
  try {
    const api = new Api({ ...stranger(url).connection, ...(sent.token ? { token: sent.token } : {}), ...(sent.nxCloudId ? { nxCloudId: sent.nxCloudId } : {}) });
    const who = await api.json('GET', '/api/v1/whoami', undefined, whoami);
    say([notice(who), summary(who, sent, false)].filter(Boolean).join('\n'));
  } catch (error) {
    say(plain((error as Error).message));
  }
}
