// What people log in with at the command line, and what the workspace lets them do with it.
import { Login } from '../pages/login.ts';
import { OrgSettings } from '../pages/org/settings.ts';
import { PersonalTokens } from '../pages/personal_tokens.ts';
import { SignIn } from '../pages/sign_in.ts';
import { Tokens } from '../pages/workspace/tokens.ts';
import { workspacePath } from '../pages/workspace/paths.ts';
import { Cache } from '../support/cache.ts';
import { Terminal } from '../support/terminal.ts';
import { expect, test } from '../support/test.ts';

test('a terminal logs in, works as the levels say, and is taken back', async ({ page, setup, buildkeep, otherBrowser, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada, 'Acme');
  await setup.join(org, grace, 'member');
  const workspace = await setup.workspace(org, 'shop');
  const ci = await setup.token(workspace, 'ci', 'read-write');
  expect(await new Cache(buildkeep.url, ci.token).put('1')).toBe(200);

  // Grace signs in first, and is brought back to the code.
  const login = new Login(page);
  const begun = await new Terminal(buildkeep.url).begin('laptop (nx 24)');
  await page.goto(`/login/device?code=${begun.user_code}`);
  await new SignIn(page).submit(grace.email, grace.password);
  await expect(login.heading).toHaveText('Log in this terminal?');
  await expect(login.main).toContainText(begun.user_code);
  await expect(login.main).toContainText('laptop (nx 24)');
  await login.confirmation.click();
  await login.says('“laptop (nx 24)” is logged in.');
  const granted = await new Terminal(buildkeep.url).poll(begun);
  expect([granted.status, granted.person]).toEqual(['granted', grace.email]);

  const tokens = new PersonalTokens(page);
  await tokens.open();
  await expect(tokens.row('laptop (nx 24)')).toContainText(`bkpat_…${granted.token!.slice(-4)}`);

  // Ada gives nothing to the id alone.
  const admin = await otherBrowser();
  await signIn(ada, admin);
  const access = new Tokens(admin);
  await access.open(workspace);
  await expect(access.tabs()).toHaveText(['Overview', 'Runs', 'Statistics', 'Connect', 'Access', 'Artifacts', 'Settings']);
  await access.level('nxCloudId: none');
  await page.goto(workspacePath(workspace, 'connect'));
  const nxCloudId = /nxCloudId[\s\S]*?\b([0-9a-f]{24})\b/.exec(await page.content())![1]!;
  const [anyone, laptop] = [new Terminal(buildkeep.url, nxCloudId), new Terminal(buildkeep.url, nxCloudId, granted.token)];
  expect([await anyone.ask('1'), await laptop.ask('1'), await laptop.ask('2', 'new')]).toEqual([404, 200, 403]);
  await access.level('Personal access tokens: read-write');
  expect(await laptop.ask('2', 'new')).toBe(200);

  // A Member sees the levels and chooses nothing.
  await page.goto(workspacePath(workspace, 'tokens'));
  await expect(page.getByRole('region', { name: 'Without a CI access token' })).toContainText('read-write');
  await expect(page.getByText('nxCloudId: read-only…')).toHaveCount(0);
  await expect(page.getByText('bkci_')).toHaveCount(0);

  await tokens.open();
  await tokens.revoke('laptop (nx 24)');
  await tokens.says('The token “laptop (nx 24)” is revoked.');
  expect(await laptop.ask('1')).toBe(401);
});

test('a login that somebody else has started is refused, and a wrong code finds nothing', async ({ page, setup, buildkeep, signIn }) => {
  await signIn(await setup.person('Grace Hopper'));
  const login = new Login(page);
  await login.open();
  await login.enter('nonsense');
  await login.refuses(login.code, /A code has eight letters/);
  await login.enter('BBBB-BBBB');
  await login.refuses(login.code, /No login waits with this code/);
  const terminal = new Terminal(buildkeep.url);
  const begun = await terminal.begin('not hers');
  await login.enter(begun.user_code.toLowerCase().replace('-', ' '));
  await expect(login.main).toContainText('not hers');
  await expect(login.main).toContainText('Confirm only what you have started yourself');
  await login.refusal.click();
  await login.says('“not hers” is not logged in.');
  expect((await terminal.poll(begun)).status).toBe('access_denied');
});

test('a token made by hand is shown once; one that an organization finds too old does not count there', async ({ page, setup, signIn }) => {
  const ada = await setup.person('Ada Lovelace');
  const org = await setup.org(ada, 'Acme');
  const workspace = await setup.workspace(org, 'shop');
  await signIn(ada);
  const tokens = new PersonalTokens(page);
  await tokens.open();
  await expect(page.getByRole('heading', { name: 'No token yet' })).toBeVisible();
  await tokens.create('build box', ada.password, 'in 30 days');
  const value = await tokens.value();
  expect(value).toMatch(/^bkpat_[0-9A-Za-z]{30,}$/);
  await page.reload();
  await expect(tokens.row('build box')).toContainText(`bkpat_…${value.slice(-4)}`);
  expect(await page.content()).not.toContain(value);

  const settings = new OrgSettings(page);
  await settings.open(org);
  await settings.limitTokens('30', '14');
  await tokens.open();
  await expect(page.getByRole('main')).toContainText('Acme: at most 14 days after it was made');
  const access = new Tokens(page);
  await access.open(workspace);
  await expect(page.getByLabel('Expires').getByRole('option')).toHaveText(['in 7 days', 'in 30 days']);
  await settings.open(org);
  await settings.limitTokens('', '');
  await access.open(workspace);
  await expect(page.getByLabel('Expires').getByRole('option').last()).toHaveText('never, until it is revoked');
});
