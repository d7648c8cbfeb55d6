import { expect, type Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class Account extends Frame {
  readonly name: Locator = this.page.getByLabel('Your name');
  readonly current: Locator = this.page.getByLabel('Current password');
  readonly password: Locator = this.page.getByLabel('New password');
  readonly email: Locator = this.page.getByLabel('E-mail address', { exact: true });
  readonly ownPassword: Locator = this.page.getByLabel('Your password');
  readonly confirmation: Locator = this.page.getByLabel(/^Type “.*” to confirm$/);
  readonly sessions: Locator = this.page.getByRole('region', { name: 'Sessions' }).getByRole('row').filter({ has: this.page.getByRole('cell') });

  async open(tab?: 'Addresses' | 'Sign-in' | 'Personal access tokens' | 'Organizations' | 'Data') {
    await this.page.goto('/account');
    if (!tab) return;
    await this.page.getByRole('navigation', { name: 'Account' }).getByRole('link', { name: tab }).click();
    await expect(this.heading).toHaveText(tab);
  }

  row(name: string): Locator {
    return this.page.getByRole('row').filter({ hasText: name });
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

  async addAddress(email: string, password: string) {
    await this.email.fill(email);
    await this.ownPassword.fill(password);
    await this.page.getByRole('button', { name: 'Add the address' }).click();
  }

  async delete(confirmation: string, password: string) {
    await this.confirmation.fill(confirmation);
    await this.ownPassword.fill(password);
    await this.page.getByRole('button', { name: 'Delete your account' }).click();
  }
}
