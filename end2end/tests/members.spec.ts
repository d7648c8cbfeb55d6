import { Members } from '../pages/org/members.ts';
import { expect, test } from '../support/test.ts';

const LAST = 'An organization needs at least one Admin. Make somebody else an Admin first.';

test('an Admin changes a role and removes a member', async ({ page, setup, otherBrowser, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada);
  await setup.join(org, grace, 'member');
  await signIn(ada);
  const members = new Members(page);
  await members.open(org);
  await expect(members.rows).toHaveCount(2);
  await expect(members.row(grace)).toContainText('Member');
  await expect(members.row(grace)).toContainText('added by the operator');

  await members.make('Admin', grace);
  await members.says('Grace Hopper has a new role.');
  await expect(members.row(grace).locator('summary').filter({ hasText: 'Make Member…' })).toBeVisible();

  const hers = await otherBrowser();
  await signIn(grace, hers);
  await members.remove(grace);
  await members.says('Grace Hopper is no longer a member.');
  await expect(members.rows).toHaveCount(1);
  const answer = await hers.goto(`/o/${org.slug}`);
  expect(answer?.status()).toBe(404);
});

test('the last Admin is told why the role cannot change', async ({ page, setup, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada);
  await setup.join(org, grace, 'member');
  await signIn(ada);
  const members = new Members(page);
  await members.open(org);
  await members.stepDown(ada);
  await expect(members.error).toHaveText(LAST);
  await members.leave();
  await expect(members.error).toHaveText(LAST);
  await expect(members.row(ada)).toContainText('Admin');
});

test('an Admin who steps down sees no controls of Admins any more', async ({ page, setup, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada);
  await setup.join(org, grace, 'admin');
  await signIn(ada);
  const members = new Members(page);
  await members.open(org);
  await members.stepDown(ada);
  await members.says('Ada Lovelace has a new role.');
  await expect(page.getByText('Remove…')).toHaveCount(0);
  await expect(members.tabs()).toHaveText(['Workspaces', 'Runs', 'Members']);
});

test('a member leaves', async ({ page, setup, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada, 'Acme');
  await setup.join(org, grace, 'member');
  await signIn(grace);
  const members = new Members(page);
  await members.open(org);
  await members.leave();
  await members.says('You have left “Acme”.');
  await expect(page.getByRole('heading', { name: 'You are in no organization yet' })).toBeVisible();
});

test('members are found by a part of their name or address', async ({ page, setup, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada);
  await setup.join(org, grace, 'member');
  await signIn(ada);
  const members = new Members(page);
  await members.open(org);
  await members.find('hopp');
  await expect(members.rows).toHaveCount(1);
  await expect(members.row(grace)).toBeVisible();
  await members.find('nobody at all');
  await expect(page.getByRole('heading', { name: 'Nobody found' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(members.rows).toHaveCount(2);
});
