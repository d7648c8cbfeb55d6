// How the system's Chromium is started: it talks to nobody but the server under test.
import type { PlaywrightTestOptions, PlaywrightWorkerOptions } from '@playwright/test';

/** A name that is not "secure" to browsers, as a server in a local network without TLS has one. */
export const PLAIN_NAME = 'buildkeep.test';

export const chromium: Partial<PlaywrightTestOptions & PlaywrightWorkerOptions> = {
  browserName: 'chromium',
  // A colour that is still changing has no contrast to speak of.
  contextOptions: { reducedMotion: 'reduce' },
  launchOptions: {
    executablePath: process.env.BUILDKEEP_CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      `--host-resolver-rules=MAP ${PLAIN_NAME} 127.0.0.1`,
    ],
  },
};
