import type { Locator } from '@playwright/test';

import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class OrgOverview extends Frame {
  readonly newWorkspace: Locator = this.main.getByRole('link', { name: /^(New|Create a) workspace$/ });

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}`);
  }

  row(workspace: string): Locator {
    return this.page.getByRole('row').filter({ has: this.page.getByRole('link', { name: workspace, exact: true }) });
  }
}
