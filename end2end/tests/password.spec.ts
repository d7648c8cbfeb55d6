import { Account } from '../pages/account.ts';
import { ChoosePassword } from '../pages/choose_password.ts';
import { ForgotPassword } from '../pages/forgot_password.ts';
import { SignIn } from '../pages/sign_in.ts';
import { linkIn, mailTo } from '../support/mailbox.ts';
import { expect, test } from '../support/test.ts';

const NEW = 'a better horse, a longer battery';

test('a forgotten password is replaced by the link in the mail', async ({ page, setup, mailbox, otherBrowser, signIn }) => {
  const ada = await setup.person();
  const elsewhere = await otherBrowser();
  await signIn(ada, elsewhere);

  await page.goto('/sign-in');
  await page.getByRole('link', { name: 'Forgotten your password?' }).click();
  await new ForgotPassword(page).submit(ada.email);
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  // Without a mail server, the page says where the mail is.
  await expect(page.getByText('.eml')).toBeVisible();

  await page.goto(linkIn(await mailTo(mailbox, ada.email, 'Choose a new password')));
  const choose = new ChoosePassword(page);
  await choose.submit('short');
  await choose.refuses(choose.password, /at least 10 characters/);
  await choose.submit(NEW);
  await choose.says('All other sessions have ended');

  await elsewhere.goto('/account');
  const form = new SignIn(elsewhere);
  await form.submit(ada.email, ada.password);
  await expect(form.error).toBeVisible();
  await form.submit(ada.email, NEW);
  await expect(elsewhere).toHaveURL('/account');
});

test('an unknown address gets the same answer, and no mail', async ({ page, setup, mailbox }) => {
  const ada = await setup.person();
  const form = new ForgotPassword(page);
  await form.open();
  await form.submit('unknown@example.com');
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  // The next mail is there, so one before it would be as well.
  await form.open();
  await form.submit(ada.email);
  await mailTo(mailbox, ada.email, 'Choose a new password');
  expect(await mailbox.to('unknown@example.com')).toEqual([]);
});

test('a link that is none can be seen through at once', async ({ page }) => {
  const answer = await page.goto('/choose-password');
  expect(answer?.status()).toBe(410);
  await expect(page.getByRole('heading', { name: 'This link works no more' })).toBeVisible();
  await page.getByRole('link', { name: 'Ask for a new link' }).click();
  await expect(page).toHaveURL('/forgot-password');
});

test('changing the password ends the session of the other browser', async ({ page, setup, otherBrowser, signIn }) => {
  const ada = await setup.person();
  const elsewhere = await otherBrowser();
  await signIn(ada, elsewhere);
  await signIn(ada);

  const account = new Account(page);
  await account.open('Sign-in');
  await account.changePassword('not the password', NEW);
  await account.refuses(account.current, 'This is not your current password.');
  await account.changePassword(ada.password, NEW);
  await account.says('All other sessions have ended');
  await account.open('Sign-in');

  await elsewhere.goto('/account');
  await expect(new SignIn(elsewhere).heading).toHaveText('Sign in');
});

test('a password that is easy to guess is refused', async ({ page, setup, signIn }) => {
  const ada = await setup.person();
  await signIn(ada);
  const account = new Account(page);
  await account.open('Sign-in');
  await account.changePassword(ada.password, 'password123');
  await account.refuses(account.password, /easy to guess/);
  await expect(account.current).toHaveValue('');
});
