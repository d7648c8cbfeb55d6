// What scripts add shows itself once they run.
import { expect, type Page } from '@playwright/test';

/** Waits until the scripts of the page run; until then, what needs them is hidden. */
export async function awake(page: Page) {
  await expect(page.locator('leptos-island [hidden]')).toHaveCount(0);
}
