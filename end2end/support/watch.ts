// What no page may do, whatever the test is about: report an error, break the content policy, ask another host.
import type { BrowserContext } from '@playwright/test';

import { PLAIN_NAME } from './chromium.ts';

const OUR_HOSTS = ['127.0.0.1', PLAIN_NAME];

export class Watch {
  readonly problems: string[] = [];
  private readonly documents = new Set<string>();

  /** Follows all pages of a browser context. */
  async follow(context: BrowserContext) {
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && !OUR_HOSTS.includes(url.hostname)) this.problems.push(`request to ${request.url()}`);
      if (request.isNavigationRequest()) this.documents.add(request.url());
    });
    context.on('response', (response) => {
      if (response.status() >= 500) this.problems.push(`${response.status()} from ${response.url()}`);
    });
    context.on('weberror', (error) => this.problems.push(`uncaught: ${error.error().stack}`));
    context.on('console', (message) => {
      const { url } = message.location();
      // Chromium reports a page with status 403 or 404 as an error; the test itself says which it expects.
      const isPage = message.text().startsWith('Failed to load resource') && this.documents.has(url);
      // Without TLS and beside localhost, browsers say that they leave this header aside.
      const isPlain = url.includes(PLAIN_NAME) && message.text().startsWith('The Cross-Origin-Opener-Policy header has been ignored');
      if (message.type() === 'error' && !isPage && !isPlain) this.problems.push(`console: ${message.text()} (${url})`);
    });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`the policy ${event.effectiveDirective} was broken by ${event.blockedURI} in ${event.sourceFile}`);
      });
    });
  }
}
