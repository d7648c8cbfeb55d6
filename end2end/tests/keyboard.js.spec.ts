// Everything can be reached with the keyboard alone, and one always sees where one is.
import { expect, type Locator, type Page } from '@playwright/test';

import { Tokens } from '../pages/workspace/tokens.ts';
import { unique } from '../support/setup.ts';
import { test } from '../support/test.ts';

/** Presses Tab until this has the focus; it must be visible and marked. */
async function tabTo(page: Page, target: Locator) {
  await expect(target).toHaveCount(1);
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if (await target.evaluate((element) => element === document.activeElement)) {
      await expect(target).toBeInViewport();
      const marked = await target.evaluate((element) => {
        const style = getComputedStyle(element);
        return (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none';
      });
      expect(marked, `the focus is seen on ${target}`).toBe(true);
      return;
    }
  }
  throw new Error(`Tab never reaches ${target}: give it an order in the page, or a control that takes the focus.`);
}

async function type(page: Page, field: Locator, words: string) {
  await tabTo(page, field);
  await page.keyboard.type(words);
}

async function press(page: Page, control: Locator) {
  await tabTo(page, control);
  await page.keyboard.press('Enter');
}

test('the skip link leads past the header', async ({ page }) => {
  await page.goto('/sign-in');
  const skip = page.getByRole('link', { name: 'Skip to the content' });
  await press(page, skip);
  await expect(page.getByRole('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Continue with Google' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByLabel('E-mail address')).toBeFocused();
});

test('from sign-in to a revoked token without a mouse', async ({ page, setup }) => {
  const ada = await setup.person();
  await page.goto('/');
  await press(page, page.getByRole('main').getByRole('link', { name: 'Sign in' }));
  await type(page, page.getByLabel('E-mail address'), ada.email);
  await type(page, page.getByLabel('Password'), ada.password);
  await page.keyboard.press('Enter');

  await press(page, page.getByRole('link', { name: 'Create an organization' }));
  await type(page, page.getByLabel('Name', { exact: true }), `Acme ${unique()}`);
  await page.keyboard.press('Enter');
  await press(page, page.getByRole('link', { name: 'Create a workspace' }));
  await type(page, page.getByLabel('Name', { exact: true }), 'shop');
  await tabTo(page, page.locator('input[name="id_access"]').first());
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await press(page, page.getByRole('main').getByRole('link', { name: 'Create a CI access token' }));

  await type(page, page.getByLabel('Name', { exact: true }), 'ci');
  await tabTo(page, page.getByRole('radio', { name: 'read-only' }));
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('radio', { name: 'read-write' })).toBeChecked();
  await tabTo(page, page.getByLabel('Expires'));
  await press(page, page.getByRole('button', { name: 'Create the token' }));
  const tokens = new Tokens(page);
  await expect(tokens.issued).toBeVisible();

  await press(page, tokens.row('ci').locator('summary').filter({ hasText: 'Revoke…' }));
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await press(page, dialog.getByRole('button', { name: 'Revoke' }));
  await tokens.says('The token “ci” is revoked.');

  await press(page, page.getByLabel('Your account'));
  await press(page, page.getByRole('button', { name: 'Sign out' }));
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});
