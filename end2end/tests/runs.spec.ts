// Runs, as a client tells of them: they appear, go on, fail, are looked into and compared.
import { readFile } from 'node:fs/promises';

import { Runs } from '../pages/workspace/runs.ts';
import { workspacePath } from '../pages/workspace/paths.ts';
import { FAILED_LOG, fillRuns, Run } from '../support/runs.ts';
import { expect, test } from '../support/test.ts';

test('a run appears, goes on, ends, and its failure is found', async ({ page, setup, signIn, buildkeep, scripts }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  const { token } = await setup.token(workspace, 'Pull requests', 'read-only');
  await signIn(ada);
  const runs = new Runs(page);
  await runs.open(workspace);
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: 'how to connect nx' })).toBeVisible();

  const run = await new Run(buildkeep.url, token, 20).start();
  await run.report([{ id: 'shop:build', status: 'running', span: [0, 0] }]);
  await runs.open(workspace);
  await expect(runs.row('nx run-many')).toContainText('Running');
  await runs.row('nx run-many').getByRole('link').first().click();
  await expect(runs.row('shop:build')).toContainText('Running');
  await expect(page.getByText('This run goes on.')).toBeVisible();

  await run.report([{ id: 'shop:build', cache: 'miss', span: [0, 9] }, { id: 'shop:test', cache: 'miss', status: 'failure', span: [9, 15] }], { 1: FAILED_LOG });
  await run.end('failure', 16);
  // With scripts the page sees it by itself.
  if (!scripts) await page.getByRole('link', { name: 'Refresh' }).click();
  await expect(runs.row('shop:test')).toContainText('Failed', { timeout: 15_000 });
  await expect(page.getByText('This run goes on.')).toHaveCount(0);
  await expect(runs.rows.first(), 'failures stand first').toContainText('shop:test');
  await expect(page.getByText('CI access token “Pull requests”, read-only')).toBeVisible();

  await page.getByRole('link', { name: 'shop:test' }).click();
  const log = page.getByRole('region', { name: 'Log of shop:test' });
  await expect(log).toContainText('expected 3, got <script>alert(1)</script>');
  await page.getByRole('link', { name: 'Jump to the failure' }).click();
  await expect(page.locator('.log-line:target')).toContainText('takes money');
  await page.getByRole('searchbox', { name: 'Search in the log' }).fill('STEP 7 ');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('1 line found')).toBeVisible();
  const loading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Raw log' }).click();
  expect(await readFile((await (await loading).path())!, 'utf8')).toBe(FAILED_LOG);
});

test('runs are filtered, grouped, and compared', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  const { token } = await setup.token(workspace, 'ci', 'read-write');
  const failed = await fillRuns(buildkeep.url, token);
  await signIn(ada);
  const runs = new Runs(page);
  await runs.open(workspace);
  await expect(runs.rows).toHaveCount(4);
  await page.getByRole('link', { name: 'CI execution 8190742-1' }).click();
  await expect(runs.rows).toHaveCount(2);
  await page.getByRole('link', { name: 'Show all' }).click();
  await runs.filter('Status', 'Failed');
  await expect(runs.rows).toHaveCount(1);
  await runs.filter('Branch', 'mai');
  await expect(page.getByRole('heading', { name: 'No such run' })).toBeVisible();

  await page.goto(failed.link);
  await expect(page).toHaveURL(`${workspacePath(workspace, 'runs')}/${failed.id}`);
  await runs.filter('Cache', 'Remote hits');
  await expect(runs.rows).toHaveCount(1);
  await page.getByRole('link', { name: 'Timeline' }).click();
  await expect(page.getByRole('img', { name: /tasks over/ })).toBeVisible();
  const chain = page.getByRole('region', { name: 'Critical path' }).getByRole('row').filter({ has: page.getByRole('cell') });
  await expect(chain).toHaveCount(3);

  await chain.getByRole('link', { name: 'shop:build' }).click();
  await page.getByRole('link', { name: 'Compare with another run' }).click();
  await page.getByRole('row', { name: 'Another one' }).getByRole('link').click();
  await expect(page.getByRole('row', { name: 'shop:{projectRoot}' })).toContainText('2');
  await expect(page.getByText('2 inputs are the same')).toBeVisible();
});

test('what is counted is shown, and can be taken away', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  const { token } = await setup.token(workspace, 'ci', 'read-write');
  await fillRuns(buildkeep.url, token);
  await signIn(ada);
  await page.goto(workspacePath(workspace, 'statistics'));
  await expect(page.getByRole('region', { name: 'Flaky' }).getByRole('link')).toHaveText('shop:test');
  await expect(page.getByRole('region', { name: 'Most failing' }).getByRole('link')).toHaveText('shop:test');
  await page.getByRole('navigation', { name: 'Range' }).getByRole('link', { name: '7 days' }).click();
  await page.getByText('Show the table').click();
  await expect(page.getByRole('region', { name: 'Day by day' }).getByRole('row')).toHaveCount(8);
  const loading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const table = await readFile((await (await loading).path())!, 'utf8');
  expect(table.split('\r\n').filter((line) => line.startsWith('day,'))).toHaveLength(7);
  expect(table).toContain('task,shop:build');
});

test('a visitor of a public organization sees runs', async ({ page, world }) => {
  await page.goto(`/runs/${world.shownRun}`);
  await expect(page.getByRole('row', { name: 'shop:test' })).toBeVisible();
  await expect(page.getByText('CI access token, read-only')).toBeVisible();
  await expect(page.getByRole('main')).not.toContainText('Pull requests and forks');
});
