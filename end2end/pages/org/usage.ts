import type { Locator } from '@playwright/test';

import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class Usage extends Frame {
  readonly name: Locator = this.page.getByLabel('Company or person');
  readonly email: Locator = this.page.getByLabel('E-mail address for invoices');
  readonly address: Locator = this.page.getByLabel('Postal address');
  readonly plots: Locator = this.main.getByRole('img', { name: /on each of the last 90 days$/ });

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/usage`);
  }

  async saveContact({ name = 'Acme GmbH', email = 'invoices@example.com', address = 'Beispielweg 1\n10115 Berlin' }) {
    await this.name.fill(name);
    await this.email.fill(email);
    await this.address.fill(address);
    await this.page.getByRole('region', { name: 'Billing contact' }).getByRole('button', { name: 'Save' }).click();
  }
}
