import type { Locator } from '@playwright/test';

import type { Workspace } from '../../support/setup.ts';
import { Frame } from '../frame.ts';
import { workspacePath } from './paths.ts';

export class SetUp extends Frame {
  readonly difference: Locator = this.page.getByRole('region', { name: /^What would change/ });
  /** The part of the page that shows new tokens, once. */
  readonly issued: Locator = this.main.getByRole('status').filter({ hasText: 'they are not shown again' });

  async open(workspace: Workspace) {
    await this.page.goto(workspacePath(workspace, 'setup'));
  }

  async choose(title: string) {
    await this.page.getByRole('radio', { name: title }).check();
    await this.page.getByRole('button', { name: 'See what would change' }).click();
  }

  async apply() {
    await this.difference.getByRole('button', { name: 'Set it up like this' }).click();
  }

  /** The lines of one CI system. */
  async lines(system: string, file: string): Promise<Locator> {
    await this.page.getByText(system, { exact: true }).click();
    return this.page.getByRole('figure').filter({ has: this.page.getByText(file, { exact: true }) }).locator('pre');
  }
}
