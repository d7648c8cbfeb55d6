// The comfort that scripts add.
import { Frame } from '../pages/frame.ts';
import { NewOrg } from '../pages/new_org.ts';
import { SignIn } from '../pages/sign_in.ts';
import { Connect } from '../pages/workspace/connect.ts';
import { Tokens } from '../pages/workspace/tokens.ts';
import { PLAIN_NAME } from '../support/chromium.ts';
import { awake } from '../support/islands.ts';
import { expect, test } from '../support/test.ts';

test('a copy button copies exactly what stands beside it', async ({ page, context, world }) => {
  await context.addCookies(world.cookies.admin.cookies);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const connect = new Connect(page);
  await connect.open(world.used);
  await page.getByRole('button', { name: 'Copy: Shell' }).click();
  await connect.says('Copied to the clipboard');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(await connect.lines('Shell').textContent());
});

test('over plain HTTP by another name, signing in and copying work as well', async ({ page, world, buildkeep }) => {
  const url = buildkeep.url.replace('127.0.0.1', PLAIN_NAME);
  await page.goto(`${url}/sign-in`);
  await new SignIn(page).submit(world.people.admin.email, world.people.admin.password);
  await page.goto(`${url}/o/${world.org.slug}/w/${world.used.id}/connect`);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await page.getByRole('button', { name: 'Copy: Shell' }).click();
  await new Connect(page).says('Copied to the clipboard');
  const expected = await new Connect(page).lines('Shell').textContent();

  await page.goto(`${url}/o/${world.org.slug}/members`);
  await page.getByRole('searchbox').focus();
  await page.keyboard.press('Control+V');
  // A field of one line puts a blank in place of each line break, or nothing.
  const pasted = await page.getByRole('searchbox').inputValue();
  expect(pasted.replace(/\s/g, '')).toBe(expected?.replace(/\s/g, ''));
});

test('a long list is filtered as you type', async ({ page, context, world }) => {
  await context.addCookies(world.cookies.admin.cookies);
  const tokens = new Tokens(page);
  await tokens.open(world.used);
  const all = await tokens.rows.count();
  const filter = page.getByRole('searchbox', { name: 'Filter tokens' });
  await filter.fill('laptop');
  await expect(tokens.rows).toHaveCount(2);
  await expect(page.getByRole('status').filter({ hasText: '2 shown' })).toBeVisible();
  await filter.fill('');
  await expect(tokens.rows).toHaveCount(all);
});

test('the address of a new organization follows its name until it is typed', async ({ page, context, world }) => {
  await context.addCookies(world.cookies.newcomer.cookies);
  const form = new NewOrg(page);
  await form.open();
  // Nothing on this page shows that the scripts run.
  await expect(async () => {
    await form.name.fill('Köln Tools');
    await expect(form.address).toHaveValue('koln-tools', { timeout: 500 });
  }).toPass();
  await form.address.fill('cologne');
  await form.name.fill('Something else');
  await expect(form.address).toHaveValue('cologne');
});

test('a question is a modal dialog: Escape and Cancel close it, and nothing happens', async ({ page, context, world }) => {
  await context.addCookies(world.cookies.admin.cookies);
  const tokens = new Tokens(page);
  await tokens.open(world.used);
  await awake(page);
  const row = tokens.row('GitLab');
  const dialog = await tokens.ask('Revoke…', row);
  expect(await dialog.evaluate((element) => element.matches(':modal'))).toBe(true);
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(row.locator('summary').filter({ hasText: 'Revoke…' })).toBeFocused();

  await tokens.ask('Revoke…', row);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await page.reload();
  await expect(row).toContainText('Active');
});

test('the theme changes without a reload', async ({ page, context, world }) => {
  await context.addCookies(world.cookies.admin.cookies);
  await new Connect(page).open(world.used);
  await awake(page);
  await page.evaluate(() => { document.body.dataset.stays = 'yes'; });
  await new Frame(page).chooseTheme('Dark');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  expect(await page.evaluate(() => document.body.dataset.stays)).toBe('yes');
  // The server learns it in the background.
  await expect(async () => {
    await page.goto('/sign-in');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark', { timeout: 500 });
  }).toPass();
});
