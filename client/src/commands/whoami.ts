import { Api } from '../api.ts';
import { describe } from '../credentials.ts';
import { plain, say } from '../say.ts';
import { connect } from '../session.ts';
import { whoami as readWhoami } from '../shapes.ts';
import { kind, notice, place, rights } from '../whoami.ts';
import { type Command, given, here } from './command.ts';

export const whoami: Command = {
  usage: '[--json]',
  about: 'Say which server, workspace and credential count here, and what they allow.',
  async run(args) {
    const { flag } = given(args, ['help', 'json']);
    const { connection, sent } = connect(here());
    const began = performance.now();
    const who = await new Api(connection).json('GET', '/api/v1/whoami', undefined, readWhoami);
    const roundTrip = Math.round(performance.now() - began);
    if (flag('json')) {
      console.log(JSON.stringify({ server: connection.url, source: sent.source, round_trip_ms: roundTrip, ...who }, null, 2));
      return 0;
    }
    console.log([
      `server      ${plain(connection.url)} (${plain(who.server_version, 40)}), answered in ${roundTrip} ms`,
      `workspace   ${place(who)}, nxCloudId ${plain(who.workspace.nx_cloud_id, 40)}`,
      `credential  ${kind(who)}: ${describe(sent)}${who.credential.expires_at ? `, works until ${plain(who.credential.expires_at.slice(0, 10))}` : ''}`,
      `rights      ${rights(who, connection.execution !== undefined)}; runs are ${who.access.records_runs ? '' : 'not '}recorded`,
    ].join('\n'));
    const more = notice(who);
    if (more) say(more);
    return 0;
  },
};
