import { readFile } from 'node:fs/promises';

import { Account } from '../pages/account.ts';
import { OrgSettings } from '../pages/org/settings.ts';
import { SignIn } from '../pages/sign_in.ts';
import { linkIn, mailTo } from '../support/mailbox.ts';
import { unique } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

test('one of two sessions is ended', async ({ page, setup, otherBrowser, signIn }) => {
  const ada = await setup.person();
  const elsewhere = await otherBrowser();
  await signIn(ada, elsewhere);
  await signIn(ada);

  const account = new Account(page);
  await account.open('Sign-in');
  await expect(account.sessions).toHaveCount(2);
  await expect(account.sessions.filter({ hasText: 'This session' })).toHaveCount(1);
  await account.endOther();
  await account.says('The session has ended.');
  await expect(account.sessions).toHaveCount(1);

  await elsewhere.goto('/account');
  await expect(new SignIn(elsewhere).heading).toHaveText('Sign in');
});

test('all other sessions are ended at once', async ({ page, setup, otherBrowser, signIn }) => {
  const ada = await setup.person();
  for (const elsewhere of [await otherBrowser(), await otherBrowser()]) await signIn(ada, elsewhere);
  await signIn(ada);
  const account = new Account(page);
  await account.open('Sign-in');
  await expect(account.sessions).toHaveCount(3);
  await account.endAllOthers();
  await account.says('All other sessions have ended.');
  await expect(account.sessions).toHaveCount(1);
});

test('a new name is seen by others', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  const org = await setup.org(ada);
  await signIn(ada);
  const account = new Account(page);
  await account.open();
  await account.rename('Countess Ada');
  await account.says('Your account is saved.');
  await page.goto(`/o/${org.slug}/members`);
  await expect(page.getByRole('row').filter({ hasText: ada.email })).toContainText('Countess Ada');
});

test('an address is added, confirmed by its mail, made the primary one, and the old one removed', async ({ page, setup, mailbox, otherBrowser, signIn }) => {
  const ada = await setup.person();
  const work = `work-${unique()}@example.com`;
  await signIn(ada);
  const account = new Account(page);
  await account.open('Addresses');
  await account.addAddress(work, 'not the password');
  await account.refuses(account.ownPassword, /This is not your current password/);
  await account.addAddress(work, ada.password);
  await account.says(`A mail is on its way to ${work}.`);
  await expect(account.row(work)).toContainText('Not confirmed');

  const link = linkIn(await mailTo(mailbox, work, 'Confirm this address'));
  // Where nobody is signed in, the link leads to the sign-in page and back.
  const elsewhere = await otherBrowser();
  await elsewhere.goto(link);
  const form = new SignIn(elsewhere);
  await form.submit(ada.email, ada.password);
  await expect(elsewhere.getByText(`Add ${work} to the account of ${ada.name} (${ada.email})?`)).toBeVisible();
  await elsewhere.getByRole('button', { name: `Add ${work}` }).click();
  await new Account(elsewhere).says(`${work} is confirmed.`);

  await account.open('Addresses');
  await page.getByRole('button', { name: `Make primary: ${work}` }).click();
  await account.says(`${work} is your primary address now.`);
  await mailTo(mailbox, ada.email, 'another primary address');
  const dialog = await account.ask('Remove…', account.row(ada.email));
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await account.says(`${ada.email} is no longer an address of your account.`);
  await expect(account.row(ada.email)).toHaveCount(0);
  await signIn({ ...ada, email: work }, await otherBrowser());
});

test('the link of somebody else adds nothing to the account that opens it', async ({ page, setup, mailbox, otherBrowser, signIn }) => {
  const [mallory, grace] = [await setup.person('Mallory'), await setup.person('Grace Hopper')];
  const theirs = await otherBrowser();
  await signIn(mallory, theirs);
  const victim = `victim-${unique()}@example.com`;
  const account = new Account(theirs);
  await account.open('Addresses');
  await account.addAddress(victim, mallory.password);
  await account.says('A mail is on its way');
  const mail = await mailTo(mailbox, victim, 'Confirm this address');
  expect(mail.text).toContain(`the account ${mallory.email}`);
  expect(mail.text, 'no words of a stranger').not.toContain('Mallory');

  await signIn(grace);
  await page.goto(linkIn(mail));
  await expect(page.getByText('this link was asked for by another account')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Add / })).toHaveCount(0);
});

test('somebody leaves an organization, and the last Admin learns why they cannot', async ({ page, setup, signIn }) => {
  const [ada, grace] = [await setup.person(), await setup.person('Grace Hopper')];
  const [org, own] = [await setup.org(ada, 'Acme'), await setup.org(grace, 'Graces own', `graces-${unique()}`)];
  await setup.join(org, grace, 'member');
  await signIn(grace);
  const account = new Account(page);
  await account.open('Organizations');
  await expect(account.row(own.name)).toContainText('You are its only member.');
  const dialog = await account.ask('Leave…', account.row(org.name));
  await dialog.getByRole('button', { name: 'Leave' }).click();
  await account.says('You have left “Acme”.');
  await expect(account.row(org.name)).toHaveCount(0);
});

test('a person takes their data, and deletes the account when no organization needs it', async ({ page, setup, mailbox, signIn }) => {
  const ada = await setup.person();
  const org = await setup.org(ada);
  await signIn(ada);
  const account = new Account(page);
  await account.open('Data');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^buildkeep-account-[\d-]+\.json$/);
  const data = JSON.parse(await readFile(await file.path(), 'utf8'));
  expect(data.profile.primary_address).toBe(ada.email);
  expect(data.memberships[0].organization.address).toBe(org.slug);

  await expect(account.confirmation).toHaveCount(0);
  await account.main.getByRole('link', { name: `delete ${org.name}` }).click();
  await new OrgSettings(page).delete(org.name);
  await account.open('Data');
  await account.delete('something else', ada.password);
  await account.refuses(account.confirmation, /exactly as shown/);
  await account.delete(ada.email, ada.password);
  await account.says('Your account is deleted.');
  await mailTo(mailbox, ada.email, 'Your account is deleted');
  const form = new SignIn(page);
  await form.open();
  await form.submit(ada.email, ada.password);
  await expect(form.error).toBeVisible();
});
