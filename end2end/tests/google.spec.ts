import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { SignInRule } from '../pages/org/sign_in.ts';
import { SignIn } from '../pages/sign_in.ts';
import { type Person, unique } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

/** The password, as the account at Google opens the one here from now on. */
async function confirm(page: Page, person: Person, scripts: boolean) {
  await expect(page.getByRole('heading', { name: 'Link the account' })).toBeVisible();
  if (scripts) expect.soft((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Link it' }).click();
}

test('somebody new signs up with Google and founds an organization', async ({ page, google }) => {
  const id = unique();
  await google.account(id, { email: `${id}@example.com`, email_verified: true, name: 'Zoe Newcomer' });
  const form = new SignIn(page);
  await form.open('/orgs/new');
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await google.pass(page, id);
  await expect(page).toHaveURL(/\/orgs\/new$/);
  await page.goto('/account');
  await expect(page.getByLabel('Your name')).toHaveValue('Zoe Newcomer');
  await page.goto('/account/security');
  await expect(page.getByRole('region', { name: 'Google' })).toContainText('This is your only way to sign in.');
});

test('a known address is linked by its owner only', async ({ page, google, setup, signIn, scripts }) => {
  const ada = await setup.person('Ada Lovelace');
  const id = unique();
  await google.account(id, { email: ada.email, email_verified: true, name: 'Ada Lovelace' });
  const form = new SignIn(page);
  await form.open();
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await google.pass(page, id);
  await expect(form.error).toContainText('There is an account with this e-mail address already.');

  await signIn(ada);
  await page.goto('/account/security');
  const section = page.getByRole('region', { name: 'Google' });
  await section.getByRole('link', { name: 'Continue with Google' }).click();
  await google.pass(page, id);
  await confirm(page, ada, scripts);
  await form.says('The account is linked: you can sign in with it from now on.');
  await expect(section).toContainText(ada.email);
  await expect(section).toContainText('Works');
});

test('an organization requires Google, and loses whom Google loses', async ({ page, google, setup, signIn, otherBrowser, scripts }) => {
  // The server asks Google once a minute at most.
  test.setTimeout(180_000);
  const [ada, grace] = [await setup.person('Ada Lovelace'), await setup.person('Grace Hopper')];
  const org = await setup.org(ada);
  await setup.join(org, grace, 'member');
  const own = await setup.org(grace, 'Globex');
  const [adas, graces] = [unique(), unique()];
  await google.account(adas, { email: ada.email, email_verified: true, hd: 'acme.com' });
  await google.account(graces, { email: grace.email, email_verified: true, hd: 'acme.com' });

  // The Admin looks, sees that she would be out herself, and signs in that way.
  await signIn(ada);
  const rule = new SignInRule(page);
  await rule.open(org);
  await rule.preview('acme.com');
  await expect(rule.main).toContainText('2 members cannot get in');
  await expect(rule.main).toContainText('This would keep you out');
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await google.pass(page, adas);
  await confirm(page, ada, scripts);
  await expect(rule.main).toContainText('1 member cannot get in');
  await expect(rule.main).toContainText(grace.email);
  await rule.require();
  await rule.says('Saved.');
  await expect(rule.main).toContainText('Only members who have signed in with Google, with an account of acme.com, open this organization.');

  // The member is led to Google by her next click, and back.
  const hers = await otherBrowser();
  await signIn(grace, hers);
  expect((await hers.goto(`/o/${org.slug}`))?.status()).toBe(403);
  await expect(hers.getByRole('heading', { name: 'Sign in another way' })).toBeVisible();
  await hers.getByRole('link', { name: 'Continue with Google' }).click();
  await google.pass(hers, graces);
  await confirm(hers, grace, scripts);
  await expect(hers).toHaveURL(new RegExp(`/o/${org.slug}$`));
  await expect(hers.getByRole('heading', { level: 1 })).toHaveText('Workspaces');

  await google.account(graces, { disabled: true });
  await expect.poll(async () => (await hers.goto(`/o/${org.slug}`))?.status(), { timeout: 120_000, intervals: [2000] }).toBe(403);
  await expect(hers.getByText('your account there does not work any more')).toBeVisible();
  expect((await hers.goto(`/o/${own.slug}`))?.status()).toBe(200);

  await page.goto(`/o/${org.slug}/audit`);
  await expect(page.getByText('Buildkeep shut Grace Hopper out, because Google does not confirm their account any more')).toBeVisible();
  await rule.open(org);
  await rule.lift();
  await rule.says('Saved.');
  expect((await hers.goto(`/o/${org.slug}`))?.status()).toBe(200);
});
