import type { Locator } from '@playwright/test';

import type { Workspace } from '../../support/setup.ts';
import { Frame } from '../frame.ts';
import { workspacePath } from './paths.ts';

export class WorkspaceOverview extends Frame {
  async open(workspace: Workspace) {
    await this.page.goto(workspacePath(workspace));
  }

  /** What stands behind a word of the list of facts, or one of the numbers. */
  fact(word: string): Locator {
    return this.page.getByRole('term').filter({ hasText: new RegExp(`^${word}$`) }).locator('xpath=following-sibling::dd[1]');
  }
}
