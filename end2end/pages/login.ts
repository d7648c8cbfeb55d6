import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class Login extends Frame {
  readonly code: Locator = this.page.getByLabel('Code', { exact: true });
  readonly confirmation: Locator = this.page.getByRole('button', { name: 'Log in this terminal' });
  readonly refusal: Locator = this.page.getByRole('button', { name: 'That is not me' });

  async open() {
    await this.page.goto('/login/device');
  }

  async enter(code: string) {
    await this.code.fill(code);
    await this.page.getByRole('button', { name: 'Go on' }).click();
  }
}
