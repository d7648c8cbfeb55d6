import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

/** The page behind the link of an invite. */
export class Invite extends Frame {
  readonly join: Locator = this.main.getByRole('button', { name: /join/i });

  async joinAsNew(name: string, password: string) {
    await this.page.getByLabel('Your name').fill(name);
    await this.joinWith(password);
  }

  async joinWith(password: string) {
    await this.page.getByLabel('Password').fill(password);
    await this.join.click();
  }
}
