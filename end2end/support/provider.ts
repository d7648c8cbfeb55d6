// The OpenID provider that the servers under test let people sign in with; it plays Google.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Page } from '@playwright/test';

export interface GoogleAccount { email: string; email_verified?: boolean; name?: string; hd?: string; disabled?: boolean }

export class Provider {
  private constructor(private readonly child: ChildProcess, readonly issuer: string, private readonly secret: string) {}

  static async start(): Promise<Provider> {
    const script = fileURLToPath(new URL('../provider/provider.mjs', import.meta.url));
    const child = spawn('node', [script], { stdio: ['pipe', 'pipe', 'ignore'] });
    const [line] = await once(child.stdout, 'data');
    const { issuer, secret } = JSON.parse(String(line));
    return new Provider(child, issuer, secret);
  }

  /** What a server needs to know of it. The check is as often as it can be set. */
  get settings(): Record<string, string> {
    return {
      BUILDKEEP_OIDC_ISSUER: this.issuer,
      BUILDKEEP_OIDC_NAME: 'Google',
      BUILDKEEP_OIDC_CLIENT_ID: 'buildkeep',
      BUILDKEEP_OIDC_CLIENT_SECRET: this.secret,
      BUILDKEEP_OIDC_CHECK_MINUTES: '1',
    };
  }

  /** Makes or changes an account there. */
  async account(id: string, account: Partial<GoogleAccount>) {
    const answer = await fetch(`${this.issuer}/control/accounts/${id}`, { method: 'PUT', body: JSON.stringify(account) });
    if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
  }

  /** What a person does at the provider: says who they are, and allows what is asked, as often as it is asked. */
  async pass(page: Page, id: string) {
    await page.waitForURL(`${this.issuer}/**`);
    const [signIn, allow] = [page.getByRole('button', { name: 'Sign in' }), page.getByRole('button', { name: 'Allow' })];
    while (page.url().startsWith(this.issuer)) {
      await signIn.or(allow).waitFor();
      if (await signIn.isVisible()) {
        await page.getByLabel('Account').fill(id);
        await signIn.click();
      } else {
        await allow.click();
      }
      await page.waitForLoadState();
    }
  }

  async stop() {
    this.child.stdin?.end();
    await once(this.child, 'exit');
  }
}
