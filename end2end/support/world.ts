// One server with something of everything: the pages that are looked at one by one show real data.
import { randomBytes } from 'node:crypto';

import { request } from '@playwright/test';

import type { Buildkeep } from './test.ts';
import { Cache } from './cache.ts';
import { linkIn, mailTo } from './mailbox.ts';
import { linkOf, nxConnect } from './nx.ts';
import { fillRuns } from './runs.ts';
import { type Org, type Person, type Workspace, unique } from './setup.ts';

type Cookies = Awaited<ReturnType<Awaited<ReturnType<typeof request.newContext>>['storageState']>>;

export interface World {
  buildkeep: Buildkeep;
  people: { admin: Person; member: Person; newcomer: Person; colleague: Person };
  cookies: { admin: Cookies; member: Cookies; newcomer: Cookies; colleague: Cookies };
  /** An organization with three workspaces, and one with none. */
  org: Org;
  emptyOrg: Org;
  /** A public organization, with a used workspace and one with nothing. */
  openOrg: Org;
  /** An organization that has used up a limit of its plan. */
  fullOrg: Org;
  shown: Workspace;
  shownFresh: Workspace;
  /** Used, with tokens of every kind; new, with nothing; with a long name, for tokens that a test makes. */
  used: Workspace;
  fresh: Workspace;
  long: Workspace;
  /** A run that failed, of the used workspace and of the one that is shown to everybody; its third task has a log. */
  run: string;
  shownRun: string;
  /** The link of an invite for somebody without an account. */
  invite: string;
  /** The link with which somebody who has signed up chooses a password. */
  welcome: string;
  /** The link that proves an address which the admin has claimed. */
  claim: string;
  /** Codes of links that `nx connect` prints. */
  links: { claims: string; creates: string };
}

/** A domain that DNS proves. */
const PROVEN = 'acme.example.org';
/** More than one part of a list holds. */
const ARTIFACTS = 120;
/** As long as names may be, and without a blank to break the line at. */
const LONG = 'monorepo-of-all-things-'.padEnd(80, 'x');

export async function furnish(buildkeep: Buildkeep): Promise<World> {
  const { setup } = buildkeep;
  const people = {
    admin: await setup.person('Ada Lovelace'),
    member: await setup.person('Grace Hopper'),
    newcomer: await setup.person('Linus Newcomer'),
    colleague: await setup.person('Carol Colleague', PROVEN),
  };
  const org = await setup.org(people.admin, 'Acme GmbH & Co. KG');
  const emptyOrg = await setup.org(people.admin, 'Globex', `globex-${unique()}-a-long-address`);
  await setup.join(org, people.member, 'member');
  await setup.join(org, await setup.person(`Wolfeschlegelsteinhausenbergerdorff`), 'admin');
  const used = await setup.workspace(org, 'shop');
  const fresh = await setup.workspace(org, 'docs');
  const long = await setup.workspace(org, LONG);
  const { id: run } = await fill(buildkeep, used);
  const cookies = {
    admin: await cookiesOf(buildkeep, people.admin),
    member: await cookiesOf(buildkeep, people.member),
    newcomer: await cookiesOf(buildkeep, people.newcomer),
    colleague: await cookiesOf(buildkeep, people.colleague),
  };
  await ownTokens(buildkeep, people.member, cookies.member);
  const openOrg = await setup.org(people.admin, 'Open Source e.V.', `open-${unique()}`);
  await setup.join(openOrg, people.member, 'member');
  const fullOrg = await setup.org(people.admin, 'Initech');
  for (const name of ['tps', 'reports']) await setup.workspace(fullOrg, name);
  await setup.plan(fullOrg, 'Small');
  const shown = await setup.workspace(openOrg, 'compiler');
  const shownFresh = await setup.workspace(openOrg, 'website');
  const { id: shownRun } = await fill(buildkeep, shown);
  await publish(buildkeep, openOrg, cookies.admin);
  const invite = await invited(buildkeep, org, cookies.admin);
  await listDomains(buildkeep, org, cookies.admin);
  const welcome = await signedUp(buildkeep);
  const claim = await addressed(buildkeep, people.admin, cookies.admin);
  const links = { claims: (await nxConnect(buildkeep)).code, creates: await linkOf(buildkeep, null) };
  return { buildkeep, people, cookies, org, emptyOrg, openOrg, fullOrg, shown, shownFresh, used, fresh, long, run, shownRun, invite, welcome, claim, links };
}

/** Tokens in every state, artifacts, hits and misses, runs; the run that failed. */
async function fill({ setup, url }: Buildkeep, workspace: Workspace) {
  const writer = await setup.token(workspace, 'GitHub, main branch', 'read-write');
  const reader = await setup.token(workspace, 'Pull requests and forks', 'read-only', 'never');
  await setup.token(workspace, 'nightly-'.padEnd(80, 'n'), 'read-only', '7d');
  for (const name of ['Ada’s laptop', 'Grace’s laptop', 'GitLab', 'Jenkins']) await setup.token(workspace, name, 'read-only');
  await setup.revoke(await setup.token(workspace, 'Jenkins, old', 'read-write'));
  const [write, read] = [new Cache(url, writer.token), new Cache(url, reader.token)];
  const numbers = Array.from({ length: ARTIFACTS }, (_, n) => n);
  await Promise.all(numbers.map(async (n) => {
    const hash = String(10_000_000_000_000_000_000n + BigInt(n) * 11_400_714_819_323_198n);
    const status = await write.put(hash, randomBytes(n * 100).toString('base64'));
    if (status !== 200) throw new Error(`an artifact was not stored: status ${status}`);
    if (n % 4 === 0) await read.get(hash);
    if (n % 20 === 0) await read.get(`1${hash}`);
  }));
  return fillRuns(url, reader.token);
}

/** Personal access tokens, one of which is revoked. */
async function ownTokens({ url }: Buildkeep, person: Person, cookies: Cookies) {
  const browser = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url }, storageState: cookies });
  for (const name of ['Build box', `wolfeschlegelsteinhausenbergerdorff-${unique()}`]) {
    const answer = await browser.post('/do/personal-tokens/create', { form: { name, expires: '90d', current: person.password } });
    if (!answer.ok()) throw new Error(`a personal access token could not be made: status ${answer.status()}`);
  }
  const revoked = await browser.post('/do/personal-tokens/create', { form: { name: 'Old laptop', expires: 'never', current: person.password } });
  const token = /name="token" value="(pat_\w+)"/.exec(await revoked.text())![1]!;
  await browser.post('/do/personal-tokens/revoke', { form: { token } });
  await browser.dispose();
}

/** Lets everybody look. */
async function publish({ url }: Buildkeep, org: Org, cookies: Cookies) {
  const browser = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url }, storageState: cookies });
  const answer = await browser.post('/do/orgs/change-visibility', {
    form: { org_slug: org.slug, change: 'make-public', typed_name: org.name },
  });
  if (!answer.ok()) throw new Error(`the organization stays private: status ${answer.status()}`);
  await browser.dispose();
}

/** Invites in every state that needs no waiting; the link of one that is open. */
async function invited({ url, mailbox }: Buildkeep, org: Org, cookies: Cookies): Promise<string> {
  const browser = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url }, storageState: cookies });
  const zoe = `zoe-${unique()}@example.com`;
  const addresses = [zoe, `wolfeschlegelsteinhausenbergerdorff-${unique()}@a-rather-long-subdomain.example.com`, 'carol@example.com'].join('\n');
  const answer = await browser.post('/do/invites/create', { form: { org_slug: org.slug, addresses, role: 'member' } });
  if (!answer.ok()) throw new Error(`nobody could be invited: status ${answer.status()}`);
  await browser.dispose();
  return new URL(linkIn(await mailTo(mailbox, zoe, 'invites you to'))).search;
}

/** Somebody who has signed up, and not opened the mail yet; the link in it. */
async function signedUp({ url, mailbox }: Buildkeep): Promise<string> {
  const browser = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url } });
  const email = `yan-${unique()}@example.com`;
  const answer = await browser.post('/do/accounts/sign-up', { form: { name: 'Yan', email } });
  if (!answer.ok()) throw new Error(`nobody could sign up: status ${answer.status()}`);
  await browser.dispose();
  return new URL(linkIn(await mailTo(mailbox, email, 'Choose your password'))).search;
}

/** Domains in every state that needs no waiting. */
async function listDomains({ url, dns }: Buildkeep, org: Org, cookies: Cookies) {
  const browser = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url }, storageState: cookies });
  for (const domain of ['example.com', PROVEN, 'wrong.example.org', `${'long-'.repeat(10)}domain.${'long-'.repeat(10)}domain.example.org`, 'münchen.example.org']) {
    const answer = await browser.post('/do/domain-invites/add', { form: { org_slug: org.slug, domain, role: 'member' } });
    if (!answer.ok()) throw new Error(`the domain ${domain} could not be added: status ${answer.status()}`);
  }
  const page = await (await browser.get(`/o/${org.slug}/domains`)).text();
  const found = (pattern: RegExp) => pattern.exec(page)![1]!;
  const id = (domain: string) => found(new RegExp(`id="(dom_\\w+)-name"[^>]*>_buildkeep-challenge\\.${domain.replaceAll('.', '\\.')}<`));
  dns.txt(`_buildkeep-challenge.${PROVEN}`, found(new RegExp(`id="${id(PROVEN)}-value"[^>]*>(\\w+)<`)));
  dns.txt('_buildkeep-challenge.wrong.example.org', `v=spf1 ${'include:mail.example.net '.repeat(9)}-all`);
  for (const domain of [PROVEN, 'wrong.example.org']) {
    const answer = await browser.post('/do/domain-invites/check', { form: { org_slug: org.slug, id: id(domain) } });
    if (!answer.ok()) throw new Error(`the domain ${domain} could not be checked: status ${answer.status()}`);
  }
  await browser.dispose();
}

/** One more address that is confirmed, and one that is not; the link of the second. */
async function addressed({ url, mailbox }: Buildkeep, person: Person, cookies: Cookies): Promise<string> {
  const browser = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url }, storageState: cookies });
  const post = async (form: string, fields: Record<string, string>) => {
    const answer = await browser.post(`/do/addresses/${form}`, { form: fields });
    if (!answer.ok()) throw new Error(`addresses/${form}: status ${answer.status()}`);
  };
  const link = async (email: string) => {
    await post('add', { email, current: person.password });
    return new URL(linkIn(await mailTo(mailbox, email, 'Confirm this address')));
  };
  await post('confirm', { link: (await link(`work-${unique()}@example.com`)).searchParams.get('link')! });
  const { search } = await link(`wolfeschlegelsteinhausenbergerdorff-${unique()}@a-rather-long-subdomain.example.com`);
  await browser.dispose();
  return search;
}

/** Signs in without a browser. */
async function cookiesOf({ url }: Buildkeep, person: Person): Promise<Cookies> {
  const browser = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url }, userAgent: 'Firefox/140.0 (X11; Linux x86_64)' });
  const answer = await browser.post('/do/accounts/sign-in', { form: { email: person.email, password: person.password } });
  if (!answer.ok()) throw new Error(`${person.email} could not sign in: status ${answer.status()}`);
  const cookies = await browser.storageState();
  await browser.dispose();
  return cookies;
}
