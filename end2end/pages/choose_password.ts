import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class ChoosePassword extends Frame {
  readonly password: Locator = this.page.getByLabel('New password');

  async submit(password: string) {
    await this.password.fill(password);
    await this.page.getByRole('button', { name: 'Set the password' }).click();
  }
}
