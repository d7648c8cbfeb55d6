import type { Locator } from '@playwright/test';

import type { Org } from '../support/setup.ts';
import { Frame } from './frame.ts';

export class Connection extends Frame {
  readonly existing: Locator = this.page.getByRole('region', { name: 'Into an organization of yours' });
  readonly fresh: Locator = this.page.getByRole('region', { name: 'Into a new organization' });

  async open(code: string) {
    await this.page.goto(`/connect/${code}`);
  }

  async into(org: Org, name: string) {
    await this.existing.getByLabel('Organization').selectOption(org.slug);
    await this.existing.getByLabel('Name of the workspace').fill(name);
    await this.existing.getByRole('button').click();
  }

  async intoNew(name: string, slug: string) {
    await this.fresh.getByLabel('Name of the organization').fill(name);
    await this.fresh.getByLabel('Address').fill(slug);
    await this.fresh.getByRole('button').click();
  }
}
