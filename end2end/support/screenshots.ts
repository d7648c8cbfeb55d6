// A picture of every page at two widths in both themes, into target/screenshots.
import { LOOKS, look } from './pages.ts';
import { test } from './test.ts';

for (const state of LOOKS) {
  test(state.name, async ({ page, world }) => {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await look(state, page, world, true);
      await page.evaluate(() => scrollTo(0, 0));
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `../target/screenshots/${state.name}-${width}-${colorScheme}.png`, fullPage: true, animations: 'disabled' });
      }
    }
  });
}
