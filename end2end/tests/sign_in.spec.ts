import { SignIn } from '../pages/sign_in.ts';
import { expect, test } from '../support/test.ts';

test('a wrong password is refused, and the address stays in the form', async ({ page, setup }) => {
  const ada = await setup.person();
  const form = new SignIn(page);
  await form.open();
  await form.submit(ada.email, 'not the password');
  await expect(form.error).toHaveText('This e-mail address and password do not belong together.');
  await expect(form.email).toHaveValue(ada.email);
  await expect(form.password).toHaveValue('');

  await form.submit(ada.email, ada.password);
  await expect(page).toHaveURL('/');
  await expect(page.getByLabel('Your account')).toBeVisible();
});

test('an unknown address is answered like a wrong password', async ({ page }) => {
  const form = new SignIn(page);
  await form.open();
  await form.submit('nobody@example.com', 'whatever it may be');
  await expect(form.error).toHaveText('This e-mail address and password do not belong together.');
});

test('a page that needs an account leads to sign-in and back', async ({ page, setup }) => {
  const ada = await setup.person();
  const org = await setup.org(ada);
  await page.goto(`/o/${org.slug}/members?q=ada`);
  const form = new SignIn(page);
  await expect(form.heading).toHaveText('Sign in');
  await form.submit(ada.email, 'not the password');
  await expect(form.error).toBeVisible();
  await form.submit(ada.email, ada.password);
  await expect(page).toHaveURL(`/o/${org.slug}/members?q=ada`);
});

test('sign-in leads to no other site', async ({ page, setup }) => {
  const ada = await setup.person();
  const form = new SignIn(page);
  await form.open('//evil.example/');
  await form.submit(ada.email, ada.password);
  await expect(page).toHaveURL('/');
});

test('signing out ends the session', async ({ page, setup, signIn }) => {
  await signIn(await setup.person());
  const form = new SignIn(page);
  await form.signOut();
  await form.says('You are signed out.');
  await page.goto('/account');
  await expect(form.heading).toHaveText('Sign in');
  await page.reload();
  await expect(page.getByText('You are signed out.')).toBeHidden();
});

test('a refused form is the answer itself: with the reason in focus, nothing in the address, and as it was after a reload', async ({ page }) => {
  const form = new SignIn(page);
  await form.open('/help/access');
  for (const again of [false, true]) {
    if (again) await page.reload();
    else await form.submit('nobody@example.com', 'whatever it may be');
    await expect(form.error).toHaveText('This e-mail address and password do not belong together.');
    await expect(form.error).toBeFocused();
    await expect(form.email).toHaveValue('nobody@example.com');
    await expect(page).toHaveURL('/do/accounts/sign-in');
    await expect(page.getByRole('main').locator('[name=next]')).toHaveValue('/help/access');
  }
});
