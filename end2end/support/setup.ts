// Quick set-up by operator commands, on the data folder of a running server.
import { randomInt } from 'node:crypto';

import { admin } from '../nx/lib/server.mjs';

export const PASSWORD = 'correct horse battery staple';

export interface Person { name: string; email: string; password: string }
export interface Org { name: string; slug: string }
export interface Workspace { id: string; nxCloudId: string; name: string; org: Org }
export interface Token { id: string; token: string; name: string }
export type Access = 'read-only' | 'read-write';

/** Plans of every server under test: one without limits for all, and one that is soon used up. */
export const PLANS = {
  BUILDKEEP_PLANS: '[{name = "Self-hosted"}, {name = "Small", members = 5, workspaces = 2}]',
  BUILDKEEP_DEFAULT_PLAN: 'Self-hosted',
};

/** A short word that no other test uses. */
export const unique = () => `t${Date.now().toString(36)}${randomInt(36 ** 4).toString(36)}`;

/** A person who has no account yet. */
export const stranger = (name = 'Ada Lovelace', domain = 'example.com'): Person => ({
  name, email: `${name.split(' ')[0]!.toLowerCase()}-${unique()}@${domain}`, password: PASSWORD,
});

/** What an operator does at the command line of the server. */
export class Setup {
  constructor(private readonly data: string) {}

  private run(words: string[], input = '') {
    return admin(this.data, words, { input, env: PLANS });
  }

  /** Somebody with a confirmed account. */
  async person(name?: string, domain?: string): Promise<Person> {
    const person = stranger(name, domain);
    await this.run(['user', 'create', '--email', person.email, '--name', person.name, '--password-stdin'], `${person.password}\n`);
    return person;
  }

  async org(founder: Person, name = 'Acme', slug = `acme-${unique()}`): Promise<Org> {
    await this.run(['org', 'create', '--slug', slug, '--name', name, '--admin', founder.email]);
    return { name, slug };
  }

  async join(org: Org, person: Person, role: 'admin' | 'member') {
    await this.run(['member', 'add', '--org', org.slug, '--email', person.email, '--role', role]);
  }

  async plan(org: Org, plan: string) {
    await this.run(['org', 'set-plan', '--org', org.slug, '--plan', plan]);
  }

  async workspace(org: Org, name = 'shop'): Promise<Workspace> {
    const made = await this.run(['workspace', 'create', '--org', org.slug, '--name', name]);
    return { ...made, name, org };
  }

  async token(workspace: Workspace, name: string, access: Access, expires = '90d'): Promise<Token> {
    const made = await this.run(['token', 'create', '--org', workspace.org.slug, '--workspace', workspace.name,
      '--name', name, '--access', access, '--expires', expires]);
    return { ...made, name };
  }

  async revoke(token: Token) {
    await this.run(['token', 'revoke', '--id', token.id]);
  }
}
