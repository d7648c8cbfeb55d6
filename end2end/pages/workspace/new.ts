import type { Locator } from '@playwright/test';

import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class NewWorkspace extends Frame {
  readonly name: Locator = this.page.getByLabel('Name', { exact: true });

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/workspaces/new`);
  }

  /** Creates it, with what its nxCloudId opens by itself. */
  async submit(name: string, idAccess: 'none' | 'read-only' | 'read-write' = 'read-only') {
    await this.name.fill(name);
    await this.page.locator(`input[name="id_access"][value="${idAccess}"]`).check();
    await this.page.getByRole('button', { name: 'Create the workspace' }).click();
  }
}
