// `doctor`: everything that must hold between this machine and the server, one line each.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Api } from '../api.ts';
import { ciFacts } from '../ci.ts';
import { describe } from '../credentials.ts';
import { readText } from '../http.ts';
import { nxVersion } from '../nx.ts';
import { nameOf, proxyFor } from '../proxy.ts';
import { plain } from '../say.ts';
import { connect } from '../session.ts';
import type { Settings } from '../settings.ts';
import { type Whoami, whoami as readWhoami } from '../shapes.ts';
import { version } from '../version.ts';
import { kind, notice, place, rights } from '../whoami.ts';
import { type Command, given, here, sentence } from './command.ts';

const MOST_CLOCK = 60_000;
const SOON = 14 * 86_400_000;

type Mark = 'ok' | '!' | 'NO';
type Line = (mark: Mark, text: string) => void;

export const doctor: Command = {
  usage: '',
  about: 'Check the connection, the credential and the settings; exit code 1 when something does not work.',
  async run(args) {
    given(args, ['help']);
    let broken = false;
    const line: Line = (mark, text) => {
      if (mark === 'NO') broken = true;
      console.log(`${mark.padEnd(4)}${text}`);
    };
    const config = here();
    local(config, line);
    try {
      await remote(config, line);
    } catch (error) {
      line('NO', sentence(error));
    }
    return broken ? 1 : 0;
  },
};

function local(config: Settings, line: Line): void {
  line('ok', `client ${version}, nx ${nxVersion()}, Node.js ${process.versions.node}`);
  if (config.off) line('!', `builds do not use the server: ${config.off}`);
  for (const name of ['nx-cloud', '@nrwl/nx-cloud']) {
    if (existsSync(join(config.root, 'node_modules', name))) line('NO', `the npm package ${name} is installed, and nx uses it instead of this client: remove it`);
  }
  for (const warning of config.warnings) line('!', plain(warning.replace(/\.$/, '')));
  line('ok', `encryption on this machine is ${config.encryptionKey ? 'on' : 'off (no NX_CLOUD_ENCRYPTION_KEY)'}`);
  if (config.encryptionKey && config.uploadLogs) line('!', 'artifacts are encrypted, and logs are uploaded in clear: NX_CLOUD_UPLOAD_LOGS=false keeps them here');
  if (!config.uploadLogs) line('ok', 'logs are not uploaded (NX_CLOUD_UPLOAD_LOGS)');
  const ci = ciFacts();
  if (!ci) return;
  if (ci.executionId) line('ok', `CI: ${ci.provider}, execution ${plain(ci.executionId, 60)}${config.executionKey ? ', shared by all machines that have NX_CLOUD_EXECUTION_KEY' : ''}`);
  else line('!', 'this looks like CI, but which execution it is cannot be told: set NX_CI_EXECUTION_ID to a value of its own for each');
}

async function remote(config: Settings, line: Line): Promise<void> {
  const { connection, sent } = connect(config);
  const { protocol, hostname } = new URL(connection.url);
  if (protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(hostname)) line('!', `${plain(connection.url)} is not encrypted on the way: use https`);
  const proxy = proxyFor(new URL(connection.url));
  if (proxy) line('ok', `through ${plain(nameOf(proxy))}`);
  if (sent.source === 'nx.json' && sent.kind === 'token') line('!', 'an access token stands in nx.json, readable for everyone with the repository: run nx-cloud convert-to-nx-cloud-id');
  const api = new Api(connection);
  let date: string | undefined;
  let best = Infinity;
  let who: Whoami | undefined;
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    who = readWhoami(await api.call('GET', '/api/v1/whoami', {
      take: async (answer) => {
        date = answer.headers.date;
        return JSON.parse(await readText(answer, 1 << 20)) as unknown;
      },
    }));
    best = Math.min(best, performance.now() - began);
  }
  const told = who as Whoami;
  line('ok', `server ${plain(connection.url)} (${plain(told.server_version, 40)}) answers in ${Math.round(best)} ms`);
  line('ok', `workspace ${place(told)}, nxCloudId ${plain(told.workspace.nx_cloud_id, 40)}`);
  line('ok', `credential: ${kind(told)}, ${describe(sent)}`);
  const ends = told.credential.expires_at ? Date.parse(told.credential.expires_at) : Infinity;
  if (ends - Date.now() < SOON) line('!', `it stops working on ${new Date(ends).toISOString().slice(0, 10)}: make a new one in time`);
  line(told.access.shared === 'none' && !told.access.execution ? 'NO' : 'ok', `it ${rights(told, connection.execution !== undefined)}; runs are ${told.access.records_runs ? '' : 'not '}recorded`);
  const more = notice(told);
  if (more) line('!', more);
  const drift = date ? Math.abs(Date.parse(date) - Date.now()) : 0;
  if (drift > MOST_CLOCK) line('!', `the clocks of this machine and of the server differ by ${Math.round(drift / 1000)} s: times of runs will be wrong`);
}
