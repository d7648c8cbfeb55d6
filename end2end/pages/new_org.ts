import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class NewOrg extends Frame {
  readonly name: Locator = this.page.getByLabel('Name', { exact: true });
  readonly address: Locator = this.page.getByLabel('Address', { exact: true });

  async open() {
    await this.page.goto('/orgs/new');
  }

  async submit(name: string, slug: string) {
    await this.name.fill(name);
    await this.address.fill(slug);
    await this.page.getByRole('button', { name: 'Create the organization' }).click();
  }
}
