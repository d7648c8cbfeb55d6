// What the server takes the credential for, in words.
import { type Credential, describe } from './credentials.ts';
import { plain } from './say.ts';
import type { Whoami } from './shapes.ts';

const KINDS = { ci_token: 'CI access token', personal_access_token: 'personal access token', nx_cloud_id: 'the Nx Cloud id alone' };

/** `Acme/shop`; only tokens are told more than the id. */
export function place({ workspace: { name, organization, nx_cloud_id: id } }: Whoami): string {
  const known = [organization, name].filter(Boolean).join('/');
  return plain(known || `workspace ${id}`, 200);
}

export function kind({ credential }: Whoami): string {
  return `${KINDS[credential.kind]}${credential.name ? ` "${plain(credential.name, 100)}"` : ''}`;
}

export function rights({ access }: Whoami, inExecution: boolean): string {
  const shared = { none: 'may not use the shared cache', read: 'reads the shared cache', read_write: 'reads and writes the shared cache' }[access.shared];
  if (!access.execution || access.shared === 'read_write') return shared;
  return `${shared}, and ${inExecution ? 'writes for this CI execution only' : 'writes nothing, since this is no CI execution'}`;
}

/** Why something better that was sent does not count. */
export function notice({ notice: why }: Whoami): string | undefined {
  if (why === 'not_a_member') return 'your personal access token counts as the Nx Cloud id alone: you are not a member of the organization. Ask an Admin for an invite.';
  if (why === 'sign_in_required') return 'your personal access token counts as the Nx Cloud id alone: the organization asks for a sign-in that your account does not have. Sign in to the web app as it asks.';
  return undefined;
}

/** One line: which credential was used, and what it allowed. */
export const summary = (who: Whoami, sent: Credential, inExecution: boolean): string =>
  `${place(who)}: ${kind(who)} (${describe(sent)}) ${rights(who, inExecution)}.`;
