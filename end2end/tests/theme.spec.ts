import type { Page } from '@playwright/test';

import { Frame } from '../pages/frame.ts';
import { expect, test } from '../support/test.ts';

const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test('the chosen theme stays, on every page and after a reload', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('/');
  const dark = await background(page);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await background(page);
  expect(dark).not.toBe(light);

  const frame = new Frame(page);
  await expect(frame.theme('System')).toHaveAttribute('aria-pressed', 'true');
  await frame.chooseTheme('Dark');
  await expect(frame.theme('Dark')).toHaveAttribute('aria-pressed', 'true');
  await expect(frame.theme('System')).toHaveAttribute('aria-pressed', 'false');
  expect(await background(page)).toBe(dark);

  await page.goto('/help/access');
  expect(await background(page)).toBe(dark);
  await page.reload();
  expect(await background(page)).toBe(dark);

  await page.emulateMedia({ colorScheme: 'dark' });
  await frame.chooseTheme('Light');
  await expect(frame.theme('Light')).toHaveAttribute('aria-pressed', 'true');
  expect(await background(page)).toBe(light);
  await expect(page).toHaveURL('/help/access');
});
