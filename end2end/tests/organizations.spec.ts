import { NewOrg } from '../pages/new_org.ts';
import { OrgOverview } from '../pages/org/overview.ts';
import { OrgSettings } from '../pages/org/settings.ts';
import { unique } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

test('an organization gets another name', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const org = await setup.org(ada, 'Acme');
  await signIn(ada);
  const settings = new OrgSettings(page);
  await settings.open(org);
  await settings.rename('Acme & Sons');
  await settings.says('Saved.');
  await expect(settings.name).toHaveValue('Acme & Sons');
  await expect(page).toHaveTitle('Settings · Acme & Sons · Buildkeep');
});

test('after a change of the address, the old one leads to the new one', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const org = await setup.org(ada);
  await signIn(ada);
  const settings = new OrgSettings(page);
  await settings.open(org);
  const slug = `moved-${unique()}`;
  await settings.move(slug);
  await settings.says('The organization has its new address.');
  await expect(page).toHaveURL(`/o/${slug}/settings`);
  await page.goto(`/o/${org.slug}/members?q=ada`);
  await expect(page).toHaveURL(`/o/${slug}/members?q=ada`);
});

test('a taken address is refused, and the form keeps what was typed', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const org = await setup.org(ada);
  await signIn(ada);
  const form = new NewOrg(page);
  await form.open();
  await form.submit('Acme again', org.slug);
  await expect(form.error).toHaveText('This address is taken. Choose another one.');
  await expect(form.name).toHaveValue('Acme again');
  await expect(form.address).toHaveValue(org.slug);
  await form.submit('Acme again', 'Not An Address');
  await form.refuses(form.address, /Use 2 to 39 lower-case letters/);
});

test('an organization is deleted by typing its name', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const org = await setup.org(ada, 'Acme');
  await setup.workspace(org);
  await signIn(ada);
  const settings = new OrgSettings(page);
  await settings.open(org);
  await settings.delete('acme');
  await settings.refuses(settings.confirmation, /type the name exactly as shown/);
  await settings.delete('Acme');
  await settings.says('The organization “Acme” is deleted with everything in it.');
  const answer = await page.goto(`/o/${org.slug}`);
  expect(answer?.status()).toBe(404);
});

test('the header switches between organizations', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const [acme, globex] = [await setup.org(ada, 'Acme'), await setup.org(ada, 'Globex')];
  await signIn(ada);
  const overview = new OrgOverview(page);
  await overview.open(acme);
  await overview.openOrgMenu('Acme');
  await page.getByRole('banner').getByRole('link', { name: 'Globex' }).click();
  await expect(page).toHaveURL(`/o/${globex.slug}`);
});
