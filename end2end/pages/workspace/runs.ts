import type { Locator } from '@playwright/test';

import type { Workspace } from '../../support/setup.ts';
import { Frame } from '../frame.ts';
import { workspacePath } from './paths.ts';

export class Runs extends Frame {
  readonly rows: Locator = this.page.getByRole('row').filter({ has: this.page.getByRole('cell') });

  async open(workspace: Workspace) {
    await this.page.goto(workspacePath(workspace, 'runs'));
  }

  row(words: string): Locator {
    return this.rows.filter({ hasText: words });
  }

  async filter(label: string, value: string) {
    const field = this.page.getByRole('search').getByLabel(label, { exact: true });
    if (await field.evaluate((element) => element.tagName === 'SELECT')) await field.selectOption({ label: value });
    else await field.fill(value);
    await this.page.getByRole('search').getByRole('button', { name: 'Filter' }).click();
  }
}
