import { Account } from '../pages/account.ts';
import { SignIn } from '../pages/sign_in.ts';
import { expect, test } from '../support/test.ts';

test('one of two sessions is ended', async ({ page, setup, otherBrowser, signIn }) => {
  const ada = await setup.person();
  const elsewhere = await otherBrowser();
  await signIn(ada, elsewhere);
  await signIn(ada);

  const account = new Account(page);
  await account.open();
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
  await account.open();
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
