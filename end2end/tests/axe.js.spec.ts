// axe-core finds nothing, on any page, in either theme.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { LOOKS, look } from '../support/pages.ts';
import { expect, test } from '../support/test.ts';

async function findings(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
}

for (const place of LOOKS) {
  test(`${place.name} is accessible in light and dark`, async ({ page, world }) => {
    await look(place, page, world);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect.soft(await findings(page), colorScheme).toEqual([]);
    }
  });
}
