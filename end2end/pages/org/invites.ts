import type { Locator } from '@playwright/test';

import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class Invites extends Frame {
  readonly rows: Locator = this.page.getByRole('table').last().getByRole('row').filter({ has: this.page.getByRole('cell') });
  readonly results: Locator = this.page.getByRole('status').getByRole('row');

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/invites`);
  }

  async invite(addresses: string, { role = 'member', message = '' } = {}) {
    await this.page.getByLabel('E-mail addresses').fill(addresses);
    await this.page.getByRole('radio', { name: role }).check();
    await this.page.getByLabel('Message').fill(message);
    await this.page.getByRole('button', { name: 'Send the invites' }).click();
  }

  row(address: string): Locator {
    return this.rows.filter({ hasText: address });
  }

  async sendAgain(address: string) {
    await this.page.getByRole('button', { name: `Send again: ${address}` }).click();
  }

  async revoke(address: string) {
    const dialog = await this.ask('Revoke…', this.row(address));
    await dialog.getByRole('button', { name: 'Revoke' }).click();
  }

  /** Makes a link to hand over. */
  async link(address: string): Promise<string> {
    const dialog = await this.ask('Link…', this.row(address));
    await dialog.getByRole('button', { name: 'Make the link' }).click();
    return await this.page.getByText('/invite?link=').innerText();
  }
}
