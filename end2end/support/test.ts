// What every test starts with: a server of its own worker, a watched browser, quick set-up, a mailbox.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test as base, type Page } from '@playwright/test';

import { Server } from '../nx/lib/server.mjs';
import { SignIn } from '../pages/sign_in.ts';
import { DnsServer } from './dns.ts';
import { MailFolder, MailServer, type Mailbox } from './mailbox.ts';
import { Provider } from './provider.ts';
import { PLANS, type Person, Setup } from './setup.ts';
import { Watch } from './watch.ts';
import { furnish, type World } from './world.ts';

export { expect } from '@playwright/test';

export interface Buildkeep { url: string; mailbox: Mailbox; provider: Provider; dns: DnsServer; setup: Setup; log(): string }

interface WorkerFixtures {
  /** How the server sends mail: as files, or to an SMTP server. */
  mail: 'files' | 'smtp';
  buildkeep: Buildkeep;
  world: World;
}

interface TestFixtures {
  watch: Watch;
  /** Whether pages may run scripts. */
  scripts: boolean;
  setup: Setup;
  mailbox: Mailbox;
  /** The OpenID provider, which plays Google. */
  google: Provider;
  /** Another browser, with no cookies. */
  otherBrowser: () => Promise<Page>;
  /** Signs in on this page's browser. */
  signIn: (person: Person, page?: Page) => Promise<void>;
}

async function serve(mail: 'files' | 'smtp', use: (buildkeep: Buildkeep) => Promise<void>) {
  const data = await mkdtemp(join(tmpdir(), 'buildkeep-browser-'));
  const smtp = mail === 'smtp' ? new MailServer() : undefined;
  const dns = new DnsServer();
  // Tests sign in far more often than people do.
  const provider = await Provider.start();
  const env: Record<string, string> = { ...PLANS, BUILDKEEP_SIGN_IN_PER_MINUTE: '100000', BUILDKEEP_MAILS_PER_HOUR: '100000', BUILDKEEP_DNS_SERVER: await dns.start(), ...provider.settings };
  if (smtp) env.BUILDKEEP_SMTP_URL = await smtp.start();
  const server = await Server.start(data, { env }) as Server & { url: string };
  try {
    const mailbox = smtp ?? new MailFolder(join(data, 'mail'));
    await use({ url: server.url, mailbox, provider, dns, setup: new Setup(data), log: () => server.log });
  } finally {
    await server.stop();
    await smtp?.stop();
    await provider.stop();
    await dns.stop();
    await rm(data, { recursive: true, force: true });
  }
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  mail: ['files', { option: true, scope: 'worker' }],
  buildkeep: [async ({ mail }, use) => serve(mail, use), { scope: 'worker' }],
  world: [async ({ buildkeep }, use) => use(await furnish(buildkeep)), { scope: 'worker' }],

  baseURL: async ({ buildkeep }, use) => use(buildkeep.url),
  setup: async ({ buildkeep }, use) => use(buildkeep.setup),
  mailbox: async ({ buildkeep }, use) => use(buildkeep.mailbox),
  google: async ({ buildkeep }, use) => use(buildkeep.provider),
  scripts: async ({ javaScriptEnabled }, use) => use(javaScriptEnabled ?? true),

  watch: [async ({ buildkeep }, use, info) => {
    const watch = new Watch();
    await use(watch);
    if (info.status !== 'passed') await info.attach('log of the server', { body: buildkeep.log() });
    test.expect.soft(watch.problems, 'what the browser complained about').toEqual([]);
  }, { auto: true }],

  context: async ({ context, watch }, use) => {
    await watch.follow(context);
    await use(context);
  },

  otherBrowser: async ({ browser, watch }, use) => {
    const contexts: { close(): Promise<void> }[] = [];
    await use(async () => {
      const context = await browser.newContext();
      contexts.push(context);
      await watch.follow(context);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },

  signIn: async ({ page }, use) => {
    await use(async (person, where = page) => {
      const form = new SignIn(where);
      await form.open();
      await form.submit(person.email, person.password);
      await test.expect(where.getByLabel('Your account')).toBeVisible();
    });
  },
});
