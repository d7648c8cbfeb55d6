// An organization that everybody can look at: made so, looked at by a visitor, and taken back.
import { Members } from '../pages/org/members.ts';
import { OrgOverview } from '../pages/org/overview.ts';
import { OrgSettings } from '../pages/org/settings.ts';
import { SignIn } from '../pages/sign_in.ts';
import { workspacePath } from '../pages/workspace/paths.ts';
import { expect, test } from '../support/test.ts';

test('an Admin makes an organization public, a visitor looks, and it goes private again', async ({ page, setup, otherBrowser, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada, 'Acme');
  await setup.join(org, grace, 'member');
  const workspace = await setup.workspace(org, 'shop');
  const visitor = await otherBrowser();
  await visitor.goto(`/o/${org.slug}`);
  await expect(visitor, 'a private organization asks nobody in').toHaveURL(/\/sign-in\?next=/);

  await signIn(ada);
  const settings = new OrgSettings(page);
  await settings.open(org);
  await settings.publish('Acme');
  await settings.says('The organization is public');
  await expect(page.getByRole('banner').locator('.trail > .chip')).toHaveText('Public');

  const overview = new OrgOverview(visitor);
  await overview.open(org);
  await expect(overview.row('shop')).toBeVisible();
  await expect(overview.tabs()).toHaveText(['Workspaces', 'Runs', 'Members']);
  await expect(visitor.getByRole('banner').locator('.trail > .chip')).toHaveText('Public');
  await expect(visitor.getByText('This organization is public.')).toBeVisible();
  await overview.tab('Members');
  const members = new Members(visitor);
  await expect(members.rows).toHaveCount(2);
  await expect(visitor.getByRole('main')).not.toContainText('@');
  await members.find(grace.email);
  await expect(visitor.getByRole('heading', { name: 'Nobody found' })).toBeVisible();
  await visitor.goto(workspacePath(workspace));
  await expect(overview.tabs()).toHaveText(['Overview', 'Runs', 'Statistics', 'Artifacts']);

  await visitor.getByRole('main').getByRole('link', { name: 'sign in' }).click();
  await new SignIn(visitor).submit(grace.email, grace.password);
  await expect(visitor, 'back to where the visitor was').toHaveURL(workspacePath(workspace));
  await expect(overview.tabs()).toHaveText(['Overview', 'Runs', 'Statistics', 'Connect', 'Access', 'Artifacts']);

  await settings.turn('Keep task logs to members');
  await expect(page.getByText('Only members read task logs.')).toBeVisible();
  await settings.turn('Let search engines list it');
  await settings.says('Saved.');
  await expect(page.getByText('Search engines may list what visitors see.')).toBeVisible();
  await settings.turn('Make private');
  await settings.says('The organization is private');
  const stranger = await otherBrowser();
  await stranger.goto(workspacePath(workspace));
  await expect(stranger).toHaveURL(/\/sign-in\?next=/);
});
