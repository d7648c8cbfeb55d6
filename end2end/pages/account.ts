import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class Account extends Frame {
  readonly name: Locator = this.page.getByLabel('Your name');
  readonly current: Locator = this.page.getByLabel('Current password');
  readonly password: Locator = this.page.getByLabel('New password');
  readonly sessions: Locator = this.page.getByRole('region', { name: 'Sessions' }).getByRole('row').filter({ has: this.page.getByRole('cell') });

  async open() {
    await this.page.goto('/account');
  }

  async rename(name: string) {
    await this.name.fill(name);
    await this.page.getByRole('region', { name: 'Name' }).getByRole('button', { name: 'Save' }).click();
  }

  async changePassword(current: string, password: string) {
    await this.current.fill(current);
    await this.password.fill(password);
    await this.page.getByRole('button', { name: 'Change the password' }).click();
  }

  async endOther() {
    await this.sessions.getByRole('button', { name: /^End the session of/ }).click();
  }

  async endAllOthers() {
    await this.page.getByRole('button', { name: 'End all other sessions' }).click();
  }
}
