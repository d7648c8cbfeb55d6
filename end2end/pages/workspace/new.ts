import type { Locator } from '@playwright/test';

import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class NewWorkspace extends Frame {
  readonly name: Locator = this.page.getByLabel('Name', { exact: true });

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/workspaces/new`);
  }

  async submit(name: string, id: 'Nothing (recommended)' | 'It reads' | 'It reads and stores' = 'It reads') {
    await this.name.fill(name);
    await this.page.getByRole('radio', { name: id, exact: true }).check();
    await this.page.getByRole('button', { name: 'Create the workspace' }).click();
  }
}
