// A picture of every page at two widths in both themes, into target/screenshots.
import { LOOKS, look } from './pages.ts';
import { test } from './test.ts';

for (const place of LOOKS) {
  test(place.name, async ({ page, world }) => {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await look(place, page, world);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `../target/screenshots/${place.name}-${width}-${colorScheme}.png`, fullPage: true, animations: 'disabled' });
      }
    }
  });
}
