import { Tokens } from '../pages/workspace/tokens.ts';
import { Cache } from '../support/cache.ts';
import { expect, test } from '../support/test.ts';

test('a new token is shown once, and masked from then on', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  await signIn(ada);
  const tokens = new Tokens(page);
  await tokens.open(workspace);
  await tokens.create('ci', 'read-write', 'in 30 days');
  const value = await tokens.value();
  expect(value).toMatch(/^bkci_[0-9A-Za-z]{30,}$/);
  await expect(tokens.issued).toContainText(`NX_CLOUD_ACCESS_TOKEN=${value}`);
  await expect(tokens.issued).toContainText(`NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN=${value}`);
  await expect(tokens.issued).toContainText(`NX_SELF_HOSTED_REMOTE_CACHE_SERVER=${buildkeep.url}`);

  await page.reload();
  await expect(tokens.row('ci')).toContainText(`bkci_…${value.slice(-4)}`);
  await expect(tokens.issued).toHaveCount(0);
  expect(await page.content()).not.toContain(value);
  for (const words of ['read-write', 'Active', 'never', 'in 29 days', `by ${ada.name}`]) await expect(tokens.row('ci')).toContainText(words);
});

test('a token says when and from where it was last used', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  const made = await setup.token(workspace, 'ci', 'read-only', 'never');
  expect(await new Cache(buildkeep.url, made.token).get('1')).toBe(404);
  await signIn(ada);
  const tokens = new Tokens(page);
  // Uses are written down some seconds later.
  await expect.poll(async () => {
    await tokens.open(workspace);
    return tokens.row('ci').innerText();
  }, { intervals: [1000], timeout: 20_000 }).toContain('127.0.0.1');
});

test('a rotated token has a new value, and the old one works as long as was said', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  const first = await setup.token(workspace, 'ci', 'read-write');
  const status = (token: string) => new Cache(buildkeep.url, token).get('1');
  await signIn(ada);
  const tokens = new Tokens(page);
  await tokens.open(workspace);

  await tokens.rotate('ci', '1 day');
  await expect(tokens.issued).toContainText('The old value goes on working for 24 hours.');
  const second = await tokens.value();
  expect(second).not.toBe(first.token);
  expect([await status(first.token), await status(second)]).toEqual([404, 404]);

  await tokens.rotate('ci', 'not at all');
  await expect(tokens.issued).toContainText('The old value has stopped working.');
  const third = await tokens.value();
  expect([await status(first.token), await status(second), await status(third)]).toEqual([401, 401, 404]);
});

test('a revoked token is refused at once, and stays in the list', async ({ page, setup, signIn, buildkeep }) => {
  const ada = await setup.person();
  const workspace = await setup.workspace(await setup.org(ada));
  const made = await setup.token(workspace, 'ci', 'read-write');
  const cache = new Cache(buildkeep.url, made.token);
  expect(await cache.put('1')).toBe(200);
  await signIn(ada);
  const tokens = new Tokens(page);
  await tokens.open(workspace);
  await tokens.revoke('ci');
  await tokens.says('The token “ci” is revoked.');
  expect(await cache.get('1')).toBe(401);
  await expect(tokens.row('ci')).toContainText('Revoked');
  await expect(tokens.row('ci').getByText('Rotate…')).toHaveCount(0);
});
