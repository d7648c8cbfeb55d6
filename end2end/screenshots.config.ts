// `npm run screenshots`: a picture of every page, to look at. Not a test.
import { defineConfig } from '@playwright/test';

import { chromium } from './support/chromium.ts';

export default defineConfig({
  testDir: 'support',
  testMatch: 'screenshots.ts',
  outputDir: '../target/end2end',
  fullyParallel: true,
  workers: 2,
  timeout: 120_000,
  reporter: 'list',
  use: chromium,
});
