import { Artifacts } from '../pages/workspace/artifacts.ts';
import { workspacePath } from '../pages/workspace/paths.ts';
import { Cache } from '../support/cache.ts';
import type { Setup } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

/** A workspace with artifacts of these hashes. */
async function filled(setup: Setup, url: string, hashes: string[]) {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  const cache = new Cache(url, (await setup.token(workspace, 'main branch', 'read-write')).token);
  for (const hash of hashes) expect(await cache.put(hash)).toBe(200);
  return { ada, workspace, cache };
}

test('an artifact is found by the beginning of its hash, and deleted', async ({ page, setup, signIn, buildkeep }) => {
  const { ada, workspace, cache } = await filled(setup, buildkeep.url, ['1111', '1122', '2222']);
  await signIn(ada);
  const artifacts = new Artifacts(page);
  await artifacts.open(workspace);
  await expect(artifacts.rows).toHaveCount(3);
  await expect(artifacts.row('1111')).toContainText('main branch');
  await artifacts.find('11');
  await expect(artifacts.rows).toHaveCount(2);
  await artifacts.find('3');
  await expect(page.getByRole('heading', { name: 'No such artifact' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();

  await artifacts.delete('1111');
  await artifacts.says('The artifact is deleted.');
  await expect(artifacts.rows).toHaveCount(2);
  expect(await cache.get('1111')).toBe(404);
  expect(await cache.get('1122')).toBe(200);
});

test('a long list goes on with the next page', async ({ page, world, context }) => {
  await context.addCookies(world.cookies.admin.cookies);
  const artifacts = new Artifacts(page);
  await artifacts.open(world.used);
  const first = await artifacts.rows.first().innerText();
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page.getByRole('link', { name: 'First page' })).toBeVisible();
  await expect(artifacts.rows.first()).not.toHaveText(first);
  await page.getByRole('link', { name: 'First page' }).click();
  expect(await artifacts.rows.first().innerText()).toBe(first);
});

test('all artifacts are purged, and the page says how far it is', async ({ page, setup, signIn, buildkeep }) => {
  const hashes = Array.from({ length: 12 }, (_, n) => `77${n}`);
  const { ada, workspace, cache } = await filled(setup, buildkeep.url, hashes);
  await signIn(ada);
  const artifacts = new Artifacts(page);
  await artifacts.open(workspace);
  await artifacts.purgeAll();
  await artifacts.says('The artifacts are being deleted.');
  // It may be over before the page is there; until then the page says how many are done.
  const over = page.getByText('The last purge deleted 12 artifacts');
  await expect(over.or(page.getByText(/\d+ of 12 done/))).toBeVisible();
  await expect.poll(async () => {
    await artifacts.open(workspace);
    return over.count();
  }).toBe(1);
  await expect(page.getByRole('heading', { name: 'Nothing stored yet' })).toBeVisible();
  expect(await cache.get('770')).toBe(404);
});

test('a purge by age says first how many it would delete, and leaves what is younger', async ({ page, setup, signIn, buildkeep }) => {
  const { ada, workspace, cache } = await filled(setup, buildkeep.url, ['1']);
  await signIn(ada);
  const artifacts = new Artifacts(page);
  await page.goto(`${workspacePath(workspace, 'artifacts')}?unused_days=0`);
  await artifacts.refuses(artifacts.days, /Enter a whole number from 1 to/);
  await artifacts.countUnused('30');
  await artifacts.says('None of the 1 artifacts has been unused for 30 days.');
  await expect(page.getByRole('button', { name: /^Delete th/ })).toHaveCount(0);
  expect(await cache.get('1')).toBe(200);
});
