// Keys for those who look through a run.
import { workspacePath } from '../pages/workspace/paths.ts';
import { awake } from '../support/islands.ts';
import { expect, test } from '../support/test.ts';

test('j, k and f lead through the tasks, and leave fields alone', async ({ page, context, world }) => {
  await context.addCookies(world.cookies.admin.cookies);
  const path = `${workspacePath(world.used, 'runs')}/${world.run}`;
  await page.goto(`${path}?order=start`);
  await awake(page);
  await page.keyboard.press('j');
  await expect(page.locator(':focus')).toHaveText('till:build');
  await page.keyboard.press('j');
  await expect(page.locator(':focus')).toHaveText('shop:build');
  await page.keyboard.press('k');
  await expect(page.locator(':focus')).toHaveText('till:build');
  await page.keyboard.press('f');
  await expect(page.locator(':focus')).toHaveText('shop:test');

  await page.getByLabel('Task', { exact: true }).fill('');
  await page.keyboard.type('fjk');
  await expect(page.getByLabel('Task', { exact: true })).toHaveValue('fjk');

  await page.goto(`${path}/tasks/0`);
  await awake(page);
  await page.keyboard.press('f');
  await expect(page).toHaveURL(`${path}/tasks/2`);
});
