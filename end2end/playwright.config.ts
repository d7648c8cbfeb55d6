// Journeys through the real program in the system's Chromium: once with scripts, once without.
import { defineConfig } from '@playwright/test';

import { chromium } from './support/chromium.ts';

export default defineConfig({
  testDir: 'tests',
  outputDir: '../target/end2end',
  fullyParallel: true,
  workers: 2,
  maxFailures: 20,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  // A trace would cost half of the time: `--trace retain-on-failure` where it is needed.
  use: { ...chromium, actionTimeout: 10_000, screenshot: 'only-on-failure' },
  projects: [
    { name: 'js' },
    // What needs scripts says so in its name.
    { name: 'no-js', testIgnore: '**/*.js.spec.ts', use: { javaScriptEnabled: false } },
  ],
});
