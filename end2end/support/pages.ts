// Every page of the product in every state worth looking at. Accessibility, width, policy and pictures go through this list.
import { expect, type Page } from '@playwright/test';

import { Account } from '../pages/account.ts';
import { Connection } from '../pages/connection.ts';
import { ForgotPassword } from '../pages/forgot_password.ts';
import { Frame } from '../pages/frame.ts';
import { Login } from '../pages/login.ts';
import { NewOrg } from '../pages/new_org.ts';
import { Domains } from '../pages/org/domains.ts';
import { Invites } from '../pages/org/invites.ts';
import { OrgSettings } from '../pages/org/settings.ts';
import { Usage } from '../pages/org/usage.ts';
import { PersonalTokens } from '../pages/personal_tokens.ts';
import { SignIn } from '../pages/sign_in.ts';
import { Artifacts } from '../pages/workspace/artifacts.ts';
import { workspacePath } from '../pages/workspace/paths.ts';
import { WorkspaceSettings } from '../pages/workspace/settings.ts';
import { Tokens } from '../pages/workspace/tokens.ts';
import { awake } from './islands.ts';
import { PASSWORD, unique } from './setup.ts';
import { Terminal } from './terminal.ts';
import type { World } from './world.ts';

export interface Look {
  /** Name of the state, also of its pictures. */
  name: string;
  as: 'nobody' | 'newcomer' | 'colleague' | 'member' | 'admin';
  path: (world: World) => string;
  status?: number;
  /** What leads from the page to this state of it. */
  then?: (page: Page) => Promise<unknown>;
}

const org = (page = '') => (world: World) => `/o/${world.org.slug}${page}`;
const open = (page = '') => (world: World) => `/o/${world.openOrg.slug}${page}`;
const used = (page?: 'connect' | 'tokens' | 'setup' | 'check-up' | 'artifacts' | 'settings' | 'runs' | 'statistics') => (world: World) => workspacePath(world.used, page);
const run = (page = '') => (world: World) => `${workspacePath(world.used, 'runs')}/${world.run}${page}`;
const shownRun = (page = '') => (world: World) => `${workspacePath(world.shown, 'runs')}/${world.shownRun}${page}`;

export const LOOKS: Look[] = [
  { name: 'welcome', as: 'nobody', path: () => '/' },
  { name: 'sign_in', as: 'nobody', path: () => '/sign-in' },
  { name: 'sign_in_refused', as: 'nobody', path: () => '/sign-in', then: refused((page) => new SignIn(page).submit('ada@example.com', 'not the password')) },
  { name: 'sign_up', as: 'nobody', path: () => '/sign-up' },
  { name: 'forgot_password', as: 'nobody', path: () => '/forgot-password' },
  { name: 'forgot_password_refused', as: 'nobody', path: () => '/forgot-password', then: refused((page) => new ForgotPassword(page).submit('ada@localhost')) },
  { name: 'check_mail', as: 'nobody', path: () => '/check-mail' },
  { name: 'choose_password', as: 'nobody', path: (world) => `/choose-password${world.welcome}` },
  { name: 'choose_password_no_link', as: 'nobody', path: () => '/choose-password', status: 410 },
  { name: 'invite', as: 'nobody', path: (world) => `/invite${world.invite}` },
  { name: 'invite_no_link', as: 'nobody', path: () => '/invite', status: 410 },
  { name: 'invite_other_account', as: 'member', path: (world) => `/invite${world.invite}` },
  { name: 'access_matrix', as: 'nobody', path: () => '/help/access' },
  { name: 'not_found', as: 'nobody', path: () => '/no/such/page', status: 404 },

  { name: 'home_empty', as: 'newcomer', path: () => '/' },
  { name: 'home_offered', as: 'colleague', path: () => '/' },
  { name: 'join', as: 'colleague', path: (world) => `/join/${world.org.slug}` },
  { name: 'join_not_found', as: 'newcomer', path: (world) => `/join/${world.emptyOrg.slug}`, status: 404 },
  { name: 'new_org', as: 'newcomer', path: () => '/orgs/new' },
  { name: 'new_org_refused', as: 'newcomer', path: () => '/orgs/new', then: refused((page) => new NewOrg(page).submit('Acme', 'Not An Address')) },

  { name: 'home', as: 'admin', path: () => '/' },
  { name: 'home_org_menu', as: 'admin', path: org(), then: (page) => new Frame(page).openOrgMenu('Acme') },
  { name: 'home_account_menu', as: 'admin', path: () => '/', then: (page) => new Frame(page).openAccountMenu() },
  { name: 'account', as: 'admin', path: () => '/account' },
  { name: 'account_addresses', as: 'admin', path: () => '/account/addresses' },
  { name: 'account_addresses_refused', as: 'admin', path: () => '/account/addresses', then: refused((page) => new Account(page).addAddress('ada@example.com', 'not the password')) },
  { name: 'account_addresses_remove', as: 'admin', path: () => '/account/addresses', then: (page) => new Frame(page).ask('Remove…', page.getByRole('row', { name: 'work-' })) },
  { name: 'account_security', as: 'admin', path: () => '/account/security' },
  { name: 'account_tokens', as: 'member', path: () => '/account/tokens' },
  { name: 'account_tokens_empty', as: 'newcomer', path: () => '/account/tokens' },
  { name: 'account_tokens_revoke', as: 'member', path: () => '/account/tokens', then: (page) => new Frame(page).ask('Revoke…', page.getByRole('row', { name: 'Build box' })) },
  { name: 'account_tokens_issued', as: 'colleague', path: () => '/account/tokens', then: issuePersonalToken },
  { name: 'login_device', as: 'member', path: () => '/login/device' },
  { name: 'login_device_refused', as: 'member', path: () => '/login/device?code=nonsense' },
  { name: 'login_device_waiting', as: 'member', path: () => '/login/device', then: enterCode },
  { name: 'account_orgs', as: 'admin', path: () => '/account/organizations' },
  { name: 'account_orgs_empty', as: 'newcomer', path: () => '/account/organizations' },
  { name: 'account_data', as: 'member', path: () => '/account/data' },
  { name: 'account_data_refused', as: 'member', path: () => '/account/data', then: refused((page) => new Account(page).delete('something else', 'not the password')) },
  { name: 'account_data_last_admin', as: 'admin', path: () => '/account/data' },
  { name: 'confirm_address', as: 'admin', path: (world) => `/confirm-address${world.claim}` },
  { name: 'confirm_address_other_account', as: 'member', path: (world) => `/confirm-address${world.claim}` },
  { name: 'confirm_address_no_link', as: 'admin', path: () => '/confirm-address', status: 410 },
  { name: 'account_link_none', as: 'admin', path: () => '/account/link', status: 400 },
  { name: 'org', as: 'admin', path: org() },
  { name: 'org_empty', as: 'admin', path: (world) => `/o/${world.emptyOrg.slug}` },
  { name: 'members', as: 'admin', path: org('/members') },
  { name: 'members_none_found', as: 'admin', path: org('/members?q=nobody') },
  { name: 'members_remove', as: 'admin', path: org('/members'), then: (page) => new Frame(page).ask('Remove…', page.getByRole('row', { name: 'Grace' })) },
  { name: 'audit', as: 'admin', path: org('/audit') },
  { name: 'audit_filtered', as: 'admin', path: org('/audit?actor=Operator&kind=member') },
  { name: 'audit_none_found', as: 'admin', path: org('/audit?action=deleted&from=2020-01-01&to=2020-01-02') },
  { name: 'invites', as: 'admin', path: org('/invites') },
  { name: 'invites_empty', as: 'admin', path: (world) => `/o/${world.emptyOrg.slug}/invites` },
  { name: 'invites_refused', as: 'admin', path: org('/invites'), then: refused((page) => new Invites(page).invite(',')) },
  { name: 'invites_revoke', as: 'admin', path: org('/invites'), then: (page) => new Frame(page).ask('Revoke…', page.getByRole('row', { name: 'zoe-' })) },
  { name: 'domains', as: 'admin', path: org('/domains') },
  { name: 'domains_empty', as: 'admin', path: (world) => `/o/${world.emptyOrg.slug}/domains` },
  { name: 'domains_refused', as: 'admin', path: org('/domains'), then: refused((page) => new Domains(page).add('gmail.com')) },
  { name: 'domains_remove', as: 'admin', path: org('/domains'), then: (page) => new Frame(page).ask('Remove…', new Domains(page).card('wrong.example.org')) },
  { name: 'org_settings', as: 'admin', path: org('/settings') },
  { name: 'org_settings_publish', as: 'admin', path: org('/settings'), then: (page) => new Frame(page).ask('Make public…') },
  { name: 'org_settings_public', as: 'admin', path: open('/settings'), then: (page) => page.getByText('What visitors see').click() },
  { name: 'org_settings_refused', as: 'admin', path: org('/settings'), then: refused((page) => new OrgSettings(page).delete('something else')) },
  { name: 'org_sign_in', as: 'admin', path: org('/sign-in') },
  { name: 'org_sign_in_preview', as: 'admin', path: org('/sign-in?preview=1&domains=acme.com') },
  { name: 'org_sign_in_refused', as: 'admin', path: org('/sign-in?preview=1&domains=acme') },
  { name: 'usage', as: 'admin', path: org('/usage'), then: (page) => page.getByText('Show the table').click() },
  { name: 'usage_empty', as: 'admin', path: (world) => `/o/${world.emptyOrg.slug}/usage` },
  { name: 'usage_refused', as: 'admin', path: org('/usage'), then: refused((page) => new Usage(page).saveContact({ email: 'invoices@localhost' })) },
  { name: 'usage_full', as: 'admin', path: (world) => `/o/${world.fullOrg.slug}/usage` },
  { name: 'org_full', as: 'admin', path: (world) => `/o/${world.fullOrg.slug}` },
  { name: 'new_workspace', as: 'admin', path: org('/workspaces/new') },
  { name: 'workspace', as: 'admin', path: used() },
  { name: 'workspace_fresh', as: 'admin', path: (world) => workspacePath(world.fresh) },
  { name: 'workspace_long_name', as: 'admin', path: (world) => workspacePath(world.long) },
  { name: 'connect', as: 'admin', path: used('connect'), then: (page) => page.getByText('Show the variables').click() },
  { name: 'connection_sign_in', as: 'nobody', path: (world) => `/connect/${world.links.claims}` },
  { name: 'connection_claims', as: 'admin', path: (world) => `/connect/${world.links.claims}` },
  { name: 'connection_claims_first', as: 'newcomer', path: (world) => `/connect/${world.links.claims}` },
  { name: 'connection_creates', as: 'admin', path: (world) => `/connect/${world.links.creates}` },
  { name: 'connection_refused', as: 'admin', path: (world) => `/connect/${world.links.creates}`, then: refused((page) => new Connection(page).intoNew('Acme', 'Not An Address')) },
  { name: 'connection_unusable', as: 'admin', path: () => '/connect/bkcon_example', status: 400 },
  { name: 'connect_by_hand', as: 'nobody', path: () => '/setup/connect-workspace/manual?source=nx-connect' },
  { name: 'connect_by_hand_github', as: 'nobody', path: () => '/setup/connect-workspace/github/connect?name=acme%2Fshop&source=nx-connect' },
  { name: 'connect_by_hand_select', as: 'nobody', path: () => '/setup/connect-workspace/github/select?source=nx-connect' },
  { name: 'set_up', as: 'admin', path: used('setup') },
  { name: 'set_up_chosen', as: 'admin', path: (world) => `${workspacePath(world.used, 'setup')}?setup=main-writes&anonymous=none`, then: openAll },
  { name: 'set_up_forbidden', as: 'member', path: used('setup'), status: 403 },
  { name: 'check_up', as: 'admin', path: used('check-up') },
  { name: 'tokens', as: 'admin', path: used('tokens') },
  { name: 'tokens_empty', as: 'admin', path: (world) => workspacePath(world.fresh, 'tokens') },
  { name: 'access_read_write', as: 'admin', path: used('tokens'), then: (page) => new Frame(page).ask('nxCloudId: read-write…') },
  { name: 'member_access', as: 'member', path: used('tokens') },
  { name: 'tokens_rotate', as: 'admin', path: used('tokens'), then: (page) => new Frame(page).ask('Rotate…', new Tokens(page).row('GitLab')) },
  { name: 'tokens_issued', as: 'admin', path: (world) => workspacePath(world.long, 'tokens'), then: issueToken },
  { name: 'runs', as: 'admin', path: used('runs') },
  { name: 'runs_empty', as: 'admin', path: (world) => workspacePath(world.fresh, 'runs') },
  { name: 'runs_none_found', as: 'admin', path: (world) => `${workspacePath(world.used, 'runs')}?branch=mai&author=x` },
  { name: 'org_runs', as: 'admin', path: org('/runs') },
  { name: 'org_runs_empty', as: 'admin', path: (world) => `/o/${world.emptyOrg.slug}/runs` },
  { name: 'run', as: 'admin', path: run() },
  { name: 'run_link', as: 'admin', path: (world) => `/runs/${world.run}` },
  { name: 'run_none_found', as: 'admin', path: run('?q=nothing') },
  { name: 'run_timeline', as: 'admin', path: run('/timeline') },
  { name: 'task', as: 'admin', path: run('/tasks/2') },
  { name: 'task_found', as: 'admin', path: run('/tasks/2?q=error') },
  { name: 'task_no_log', as: 'admin', path: run('/tasks/3') },
  { name: 'compare', as: 'admin', path: run('/tasks/1/compare'), then: (page) => page.getByRole('row', { name: 'Another one' }).getByRole('link').click() },
  { name: 'compare_nothing', as: 'admin', path: run('/tasks/3/compare') },
  { name: 'statistics', as: 'admin', path: used('statistics'), then: (page) => page.getByText('Show the table').click() },
  { name: 'statistics_empty', as: 'admin', path: (world) => workspacePath(world.fresh, 'statistics') },
  { name: 'artifacts', as: 'admin', path: used('artifacts') },
  { name: 'artifacts_empty', as: 'admin', path: (world) => workspacePath(world.fresh, 'artifacts') },
  { name: 'artifacts_none_found', as: 'admin', path: (world) => `${workspacePath(world.used, 'artifacts')}?q=777` },
  { name: 'artifacts_purge', as: 'admin', path: used('artifacts'), then: (page) => new Artifacts(page).ask('Delete all artifacts…') },
  { name: 'workspace_settings', as: 'admin', path: used('settings') },
  { name: 'workspace_settings_refused', as: 'admin', path: used('settings'), then: refused((page) => new WorkspaceSettings(page).keep('0', '')) },

  { name: 'member_org', as: 'member', path: org() },
  { name: 'member_org_members', as: 'member', path: org('/members') },
  { name: 'member_workspace', as: 'member', path: (world) => workspacePath(world.fresh) },
  { name: 'member_artifacts', as: 'member', path: used('artifacts') },
  { name: 'visitor_org', as: 'nobody', path: open() },
  { name: 'visitor_org_members', as: 'nobody', path: open('/members') },
  { name: 'visitor_org_members_none_found', as: 'nobody', path: open('/members?q=example.com') },
  { name: 'visitor_workspace', as: 'nobody', path: (world) => workspacePath(world.shown) },
  { name: 'visitor_runs', as: 'nobody', path: (world) => workspacePath(world.shown, 'runs') },
  { name: 'visitor_run', as: 'nobody', path: shownRun() },
  { name: 'visitor_task', as: 'nobody', path: shownRun('/tasks/2') },
  { name: 'visitor_statistics', as: 'nobody', path: (world) => workspacePath(world.shown, 'statistics') },
  { name: 'visitor_artifacts', as: 'nobody', path: (world) => workspacePath(world.shown, 'artifacts') },
  { name: 'visitor_artifacts_empty', as: 'nobody', path: (world) => workspacePath(world.shownFresh, 'artifacts') },
  { name: 'guest_workspace_fresh', as: 'newcomer', path: (world) => workspacePath(world.shownFresh) },
  { name: 'guest_forbidden', as: 'newcomer', path: open('/settings'), status: 403 },

  { name: 'forbidden', as: 'member', path: org('/settings'), status: 403 },
  { name: 'usage_forbidden', as: 'member', path: org('/usage'), status: 403 },
  { name: 'audit_forbidden', as: 'member', path: org('/audit'), status: 403 },
];

function refused(send: (page: Page) => Promise<unknown>) {
  return async (page: Page) => {
    await send(page);
    await expect(new Frame(page).error).toBeVisible();
  };
}

/** Opens everything that can be opened. */
async function openAll(page: Page) {
  const summaries = page.getByRole('main').locator('summary');
  for (let at = 0; at < await summaries.count(); at += 1) await summaries.nth(at).click();
}

async function issueToken(page: Page) {
  const tokens = new Tokens(page);
  await tokens.create(`ci ${unique()}`, 'read-write');
  await tokens.value();
}

async function issuePersonalToken(page: Page) {
  const tokens = new PersonalTokens(page);
  await tokens.create(`laptop ${unique()}`, PASSWORD, 'in 7 days');
  await tokens.value();
}

async function enterCode(page: Page) {
  const { user_code } = await new Terminal(new URL(page.url()).origin).begin('laptop (nx 24)');
  await new Login(page).enter(user_code);
  await expect(page.getByRole('button', { name: 'Log in this terminal' })).toBeVisible();
}

/** Opens the page of the list, signed in as it says; answers the status. */
export async function look({ as, path, then }: Look, page: Page, world: World, scripts: boolean): Promise<number | undefined> {
  if (as !== 'nobody') await page.context().addCookies(world.cookies[as].cookies);
  const answer = await page.goto(path(world));
  if (scripts) await awake(page);
  await then?.(page);
  if (scripts) await awake(page);
  return answer?.status();
}
