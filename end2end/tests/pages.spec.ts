// What holds for every page in every state, whoever looks at it.
import { readFile } from 'node:fs/promises';

import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { LOOKS, look } from '../support/pages.ts';
import { expect, test } from '../support/test.ts';

/** What axe-core finds, one line each; the rows of a long list are all alike. */
async function findings(page: Page) {
  const { violations } = await new AxeBuilder({ page }).exclude('tbody tr:nth-child(n + 12)').analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
}

/** What has to be scrolled sideways: only lines of code may. With the page itself comes the innermost that is too wide. */
const sideways = (page: Page) => page.evaluate(() => {
  const root = document.documentElement;
  const all = [...document.querySelectorAll('body *')];
  const scrolls = all.filter((element) => element.tagName !== 'PRE' && element.scrollWidth > element.clientWidth
    && ['auto', 'scroll'].includes(getComputedStyle(element).overflowX));
  const wide = root.scrollWidth > root.clientWidth ? all.filter((element) => element.getBoundingClientRect().right > root.clientWidth) : [];
  const innermost = wide.filter((element) => !wide.some((other) => other !== element && element.contains(other)));
  return [...scrolls, ...innermost].map((element) => element.outerHTML);
});

for (const state of LOOKS) {
  test(`${state.name} is whole, accessible in light and dark, and fits a screen of 360 px`, async ({ page, world, scripts }) => {
    expect(await look(state, page, world, scripts)).toBe(state.status ?? 200);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await expect(page).toHaveTitle(/. · Buildkeep$/);
    await expect(page.getByRole('main')).toBeVisible();

    // axe-core is a script itself; without scripts a page only has less on it.
    const check = async (where: string) => {
      if (scripts) expect.soft(await findings(page), where).toEqual([]);
    };
    await check('light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await check('dark');
    await page.setViewportSize({ width: 360, height: 740 });
    await check('360 px');
    expect(await sideways(page), 'what has to be scrolled sideways').toEqual([]);
  });
}

test('every route of the application is in the list of pages', async ({ world }) => {
  const source = await readFile(new URL('../../app/src/routes.rs', import.meta.url), 'utf8');
  const routes = [...source.matchAll(/path!\("([^"]+)"\)/g)].map((match) => match[1]!);
  expect(routes.length).toBeGreaterThan(10);
  const paths = LOOKS.filter(({ status }) => !status).map(({ path }) => path(world).replace(/\?.*/, ''));
  const isSeen = (route: string) => {
    const pattern = new RegExp(`^${route.replace(/:\w+/g, '[^/]+')}$`);
    return paths.some((path) => pattern.test(path));
  };
  // Its only way leads through the provider: google.spec.ts looks at it.
  const beyond = ['/account/link'];
  expect(routes.filter((route) => !isSeen(route) && !beyond.includes(route))).toEqual([]);
});

test('without scripts, nothing is offered that needs them', async ({ page, world, scripts }) => {
  test.skip(scripts, 'about browsers without scripts');
  const find = (name: string) => LOOKS.find((state) => state.name === name)!;
  for (const name of ['connect', 'tokens_issued', 'tokens_rotate']) {
    await look(find(name), page, world, false);
    await expect(page.getByRole('button', { name: /^Copy/ }), name).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Cancel' }), name).toHaveCount(0);
    await expect(page.getByRole('searchbox', { name: /^Filter/ }), name).toHaveCount(0);
  }
});
