// Plan and usage: what an Admin sees and fills in, and what a limit says.
import { NewWorkspace } from '../pages/workspace/new.ts';
import { OrgOverview } from '../pages/org/overview.ts';
import { Usage } from '../pages/org/usage.ts';
import { expect, test } from '../support/test.ts';

test('an Admin reads the usage and says whom to write to', async ({ page, setup, signIn }) => {
  const ada = await setup.person('Ada Lovelace');
  const org = await setup.org(ada, 'Acme');
  await setup.workspace(org);
  await signIn(ada);
  await new OrgOverview(page).open(org);
  const usage = new Usage(page);
  await usage.tab('Usage');
  await expect(page.getByText('The plan is “Self-hosted”.')).toBeVisible();
  await expect(page.getByText('No limit')).toHaveCount(5);
  await expect(usage.plots).toHaveCount(3);
  await page.getByText('Show the table').click();
  await expect(page.getByRole('row')).toHaveCount(91);

  await usage.saveContact({ email: 'invoices@localhost' });
  await usage.refuses(usage.email, /Enter an e-mail address/);
  await expect(usage.address).toHaveValue('Beispielweg 1\n10115 Berlin');
  await usage.saveContact({});
  await usage.says('Saved.');
  await expect(usage.name).toHaveValue('Acme GmbH');
  await expect(usage.address).toHaveValue('Beispielweg 1\n10115 Berlin');

  const file = await page.request.get(`/o/${org.slug}/usage.csv`);
  expect(file.headers()['content-type']).toContain('text/csv');
  expect(await file.text()).toMatch(/^day,members,workspaces/);
});

test('a limit is told to Admins only, and says what to do', async ({ page, setup, otherBrowser, signIn }) => {
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada, 'Acme');
  await setup.join(org, grace, 'member');
  for (const name of ['shop', 'docs']) await setup.workspace(org, name);
  await setup.plan(org, 'Small');
  await signIn(ada);
  const overview = new OrgOverview(page);
  await overview.open(org);
  const banner = page.getByRole('region', { name: 'Limits of the plan' });
  await expect(banner).toContainText('Workspaces: 2 of 2 used. No further workspace can be created.');
  const form = new NewWorkspace(page);
  await form.open(org);
  await form.submit('third');
  await expect(form.error).toContainText('The plan allows no further workspace.');
  await banner.getByRole('link', { name: 'Plan and usage' }).click();
  await expect(page.getByText('100 % of 2', { exact: true })).toBeVisible();
  await expect(page.getByText('40 % of 5', { exact: true })).toBeVisible();

  const hers = await otherBrowser();
  await signIn(grace, hers);
  await new OrgOverview(hers).open(org);
  await expect(hers.getByRole('region', { name: 'Limits of the plan' })).toHaveCount(0);
  await expect(overview.tabs()).toHaveText(['Workspaces', 'Runs', 'Members', 'Audit', 'Usage', 'Settings']);
  const answer = await hers.goto(`/o/${org.slug}/usage`);
  expect(answer?.status()).toBe(403);
});
