// From `nx connect` in a terminal to a workspace in an organization.
import { gzipSync } from 'node:zlib';

import { Connection } from '../pages/connection.ts';
import { SignIn } from '../pages/sign_in.ts';
import { Connect } from '../pages/workspace/connect.ts';
import { WorkspaceOverview } from '../pages/workspace/overview.ts';
import { SetUp } from '../pages/workspace/set_up.ts';
import { AnonymousCache, linkOf, nxConnect } from '../support/nx.ts';
import { unique } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

const ARTIFACT = Uint8Array.from(gzipSync('built'));

test('a workspace that nx has created is claimed into an organization, after signing in', async ({ page, setup, buildkeep }) => {
  const ada = await setup.person();
  const org = await setup.org(ada);
  await setup.workspace(org, 'web-shop');
  const { nxCloudId, code } = await nxConnect(buildkeep);
  const cache = new AnonymousCache(buildkeep, nxCloudId);
  expect([await cache.put('1', ARTIFACT), await cache.get('1')]).toEqual([200, 200]);

  const connection = new Connection(page);
  await connection.open(code);
  await page.getByRole('main').getByRole('link', { name: 'sign in' }).click();
  await new SignIn(page).submit(ada.email, ada.password);
  await expect(connection.heading).toHaveText('Claim the workspace');
  await expect(connection.existing.getByLabel('Name of the workspace')).toHaveValue('web-shop');
  await connection.into(org, 'web-shop');
  await expect(connection.error).toHaveText('The organization has a workspace of this name already.');
  await connection.into(org, 'web-shop 2');
  await connection.says('The workspace is yours.');
  const overview = new WorkspaceOverview(page);
  await expect(overview.heading).toHaveText('web-shop 2');
  await expect(overview.fact('Nx Cloud id')).toContainText(nxCloudId);
  expect([await cache.get('1'), await cache.put('1', ARTIFACT)]).toEqual([404, 403]);

  await connection.open(code);
  await expect(page.getByText('has been used or is too old')).toBeVisible();
});

test('somebody without an organization claims into a new one', async ({ page, setup, signIn, buildkeep }) => {
  await signIn(await setup.person());
  const { code } = await nxConnect(buildkeep);
  const connection = new Connection(page);
  await connection.open(code);
  await expect(connection.existing).toHaveCount(0);
  const slug = `navy-${unique()}`;
  await connection.intoNew('Navy', slug);
  await connection.says('The workspace is yours.');
  await expect(page).toHaveURL(new RegExp(`/o/${slug}/w/`));
});

test('without a workspace the link creates one, and shows the lines for nx.json', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const org = await setup.org(ada);
  await signIn(ada);
  const connection = new Connection(page);
  await connection.open(await linkOf(buildkeep, null));
  await expect(connection.heading).toHaveText('Connect the workspace');
  await connection.into(org, 'web-shop');
  const connect = new Connect(page);
  await connect.says('The workspace is created');
  await expect(connect.lines('nx.json')).toContainText(/"nxCloudId": "[0-9a-f]{24}"/);
  await expect(connect.lines('nx.json')).toContainText(`"nxCloudUrl": "${buildkeep.url}"`);
});

test('who finds an id gets no link that claims its workspace', async ({ page, setup, signIn, buildkeep }) => {
  const eve = await setup.person();
  await signIn(eve);
  await setup.org(eve);
  const { nxCloudId } = await nxConnect(buildkeep);
  const connection = new Connection(page);
  await connection.open(await linkOf(buildkeep, nxCloudId));
  await expect(connection.heading).toHaveText('Connect the workspace');
  await expect(page.getByText('a workspace that this link cannot claim')).toBeVisible();
});

test('a set-up is looked at, applied, and pasted', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  await signIn(ada);
  const setUp = new SetUp(page);
  await setUp.open(workspace);
  await setUp.choose('Only the main branch stores');
  await expect(setUp.difference.getByRole('row', { name: 'The nxCloudId alone' })).toContainText('none');
  await setUp.apply();
  await expect(setUp.issued).toContainText('CI, main branch');
  await expect(setUp.issued.locator('code')).toHaveText([/^bkci_/, /^bkci_/]);
  await expect(setUp.difference).toContainText('Nothing would change.');
  const lines = await setUp.lines('GitHub Actions', '.github/workflows/ci.yml');
  await expect(lines).toContainText('${{ secrets.NX_CLOUD_ACCESS_TOKEN }}');

  await page.getByRole('link', { name: 'Check-up' }).click();
  await expect(page.getByRole('heading', { name: 'Nothing to mend' })).toBeVisible();
});

test('a check-up leads to what mends it', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  await setup.token(workspace, 'nightly', 'read-only', 'never');
  await signIn(ada);
  await page.goto(`/o/${workspace.org.slug}/w/${workspace.id}/check-up`);
  const finding = page.getByRole('listitem').filter({ hasText: 'The token “nightly” never expires' });
  await finding.getByRole('link', { name: 'CI access tokens' }).click();
  await expect(page.getByRole('row', { name: 'nightly' })).toBeVisible();
});
