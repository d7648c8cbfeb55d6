import { OrgOverview } from '../pages/org/overview.ts';
import { NewWorkspace } from '../pages/workspace/new.ts';
import { WorkspaceOverview } from '../pages/workspace/overview.ts';
import { workspacePath } from '../pages/workspace/paths.ts';
import { WorkspaceSettings } from '../pages/workspace/settings.ts';
import { Cache } from '../support/cache.ts';
import { expect, test } from '../support/test.ts';

test('a workspace gets another name', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada), 'shop');
  await setup.workspace(workspace.org, 'docs');
  await signIn(ada);
  const settings = new WorkspaceSettings(page);
  await settings.open(workspace);
  await settings.rename('docs');
  await expect(settings.error).toHaveText('The organization has a workspace of this name already.');
  await settings.rename('web shop');
  await settings.says('Saved.');
  const overview = new WorkspaceOverview(page);
  await overview.open(workspace);
  await expect(overview.heading).toHaveText('web shop');
  await expect(overview.fact('Nx Cloud id')).toContainText(workspace.nxCloudId);
});

test('a name that is taken is refused for a new workspace', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada), 'shop');
  await signIn(ada);
  const form = new NewWorkspace(page);
  await form.open(workspace.org);
  await form.submit('shop');
  await expect(form.error).toHaveText('The organization has a workspace of this name already.');
  await expect(form.name).toHaveValue('shop');
});

test('retention is set, shown, and taken off again', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  await signIn(ada);
  const settings = new WorkspaceSettings(page);
  const overview = new WorkspaceOverview(page);
  await settings.open(workspace);
  await settings.keep('0', '');
  await settings.refuses(settings.days, /Enter a whole number from 1 to/);
  await settings.keep('14', '20');
  await settings.says('Saved.');
  await expect(settings.days).toHaveValue('14');
  await expect(settings.gibibytes).toHaveValue('20');
  await overview.tab('Overview');
  await expect(overview.fact('Keeps artifacts')).toHaveText('until nobody has read them for 14 days, up to 20 GiB in all');
  await settings.open(workspace);
  await settings.keep('', '');
  await settings.says('Saved.');
  await overview.tab('Overview');
  await expect(overview.fact('Keeps artifacts')).toHaveText('for ever, without a limit');
});

test('a workspace is deleted by typing its name, and its tokens with it', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada), 'shop');
  const cache = new Cache(buildkeep.url, (await setup.token(workspace, 'ci', 'read-write')).token);
  expect(await cache.put('1')).toBe(200);
  await signIn(ada);
  const settings = new WorkspaceSettings(page);
  await settings.open(workspace);
  await settings.delete('shopp');
  await settings.refuses(settings.confirmation, /type the name exactly as shown/);
  await settings.delete('shop');
  await settings.says('The workspace “shop” is deleted with its tokens and artifacts.');
  expect(await cache.get('1')).toBe(401);
  const answer = await page.goto(workspacePath(workspace));
  expect(answer?.status()).toBe(404);
  await new OrgOverview(page).open(workspace.org);
  await expect(page.getByRole('heading', { name: 'No workspace yet' })).toBeVisible();
});
