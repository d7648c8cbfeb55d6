import type { Locator } from '@playwright/test';

import type { Workspace } from '../../support/setup.ts';
import { Frame } from '../frame.ts';
import { workspacePath } from './paths.ts';

export class Artifacts extends Frame {
  readonly rows: Locator = this.page.getByRole('row').filter({ has: this.page.getByRole('cell') });
  readonly search: Locator = this.page.getByRole('searchbox', { name: 'Search artifacts by hash' });
  readonly days: Locator = this.page.getByLabel('Neither stored nor read for so many days');

  async open(workspace: Workspace) {
    await this.page.goto(workspacePath(workspace, 'artifacts'));
  }

  row(hash: string): Locator {
    return this.rows.filter({ has: this.page.getByText(hash, { exact: true }) });
  }

  async find(hash: string) {
    await this.search.fill(hash);
    await this.page.getByRole('button', { name: 'Search' }).click();
  }

  async delete(hash: string) {
    const dialog = await this.ask('Delete…', this.row(hash));
    await dialog.getByRole('button', { name: `Delete ${hash}`, exact: true }).click();
  }

  /** Asks how many a purge by age would delete. */
  async countUnused(days: string) {
    await this.days.fill(days);
    await this.page.getByRole('button', { name: 'Count them…' }).click();
  }

  /** Deletes those that were counted. */
  async deleteCounted(words: string) {
    await this.page.getByRole('button', { name: words }).click();
  }

  async purgeAll() {
    const dialog = await this.ask('Delete all artifacts…');
    await dialog.getByRole('button', { name: 'Delete all' }).click();
  }
}
