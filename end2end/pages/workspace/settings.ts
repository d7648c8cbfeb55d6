import type { Locator } from '@playwright/test';

import type { Workspace } from '../../support/setup.ts';
import { Frame } from '../frame.ts';
import { workspacePath } from './paths.ts';

export class WorkspaceSettings extends Frame {
  readonly name: Locator = this.page.getByLabel('Name of the workspace');
  readonly days: Locator = this.page.getByLabel('Delete what nobody has read for');
  readonly gibibytes: Locator = this.page.getByLabel('Keep at most');
  readonly confirmation: Locator = this.page.getByLabel(/^Type “.*” to confirm$/);

  async open(workspace: Workspace) {
    await this.page.goto(workspacePath(workspace, 'settings'));
  }

  async rename(name: string) {
    await this.name.fill(name);
    await this.page.getByRole('region', { name: 'Name', exact: true }).getByRole('button', { name: 'Save' }).click();
  }

  async keep(days: string, gibibytes: string) {
    await this.days.fill(days);
    await this.gibibytes.fill(gibibytes);
    await this.page.getByRole('region', { name: 'How long artifacts are kept' }).getByRole('button', { name: 'Save' }).click();
  }

  async delete(confirmation: string) {
    await this.confirmation.fill(confirmation);
    await this.page.getByRole('button', { name: 'Delete the workspace' }).click();
  }
}
