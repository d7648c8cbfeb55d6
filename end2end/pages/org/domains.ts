import type { Locator } from '@playwright/test';

import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class Domains extends Frame {
  readonly field: Locator = this.page.getByLabel('Domain', { exact: true });
  readonly joinLink: Locator = this.page.getByRole('region', { name: 'Join link' }).locator('code');

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/domains`);
  }

  async add(domain: string, role: 'Member' | 'Admin' = 'Member') {
    await this.field.fill(domain);
    await this.page.getByRole('radio', { name: role }).check();
    await this.page.getByRole('button', { name: 'Add the domain' }).click();
  }

  card(domain: string): Locator {
    return this.page.getByRole('region', { name: domain });
  }

  /** Name and value of the record that proves a domain. */
  async record(domain: string): Promise<[string, string]> {
    const [name, value] = await this.card(domain).locator('code').allInnerTexts();
    return [name!, value!];
  }

  async check(domain: string) {
    await this.page.getByRole('button', { name: `Check ${domain} now` }).click();
  }

  async remove(domain: string) {
    const dialog = await this.ask('Remove…', this.card(domain));
    await dialog.getByRole('button', { name: 'Remove' }).click();
  }
}
