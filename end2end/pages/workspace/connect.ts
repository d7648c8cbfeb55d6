import type { Locator } from '@playwright/test';

import type { Workspace } from '../../support/setup.ts';
import { Frame } from '../frame.ts';
import { workspacePath } from './paths.ts';

export class Connect extends Frame {
  async open(workspace: Workspace) {
    await this.page.goto(workspacePath(workspace, 'connect'));
  }

  /** The lines under this caption. */
  lines(caption: string): Locator {
    return this.page.getByRole('figure').filter({ has: this.page.getByText(caption, { exact: true }) }).locator('pre');
  }
}
