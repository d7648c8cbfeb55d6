import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class PersonalTokens extends Frame {
  /** The part of the page that shows a new value, once. */
  readonly issued: Locator = this.main.getByRole('status').filter({ hasText: 'it is not shown again' });
  readonly name: Locator = this.page.getByLabel('Name', { exact: true });
  readonly rows: Locator = this.page.getByRole('row').filter({ has: this.page.getByRole('cell') });

  async open() {
    await this.page.goto('/account/tokens');
  }

  async create(name: string, password: string, expires?: string) {
    await this.name.fill(name);
    await this.page.getByLabel('Your password').fill(password);
    if (expires) await this.page.getByLabel('Expires').selectOption({ label: expires });
    await this.page.getByRole('button', { name: 'Create the token' }).click();
  }

  /** The value that the page shows now. */
  async value(): Promise<string> {
    return (await this.issued.locator('code').first().innerText()).trim();
  }

  row(name: string): Locator {
    return this.rows.filter({ has: this.page.getByText(name, { exact: true }) });
  }

  async revoke(name: string) {
    const dialog = await this.ask('Revoke…', this.row(name));
    await dialog.getByRole('button', { name: 'Revoke' }).click();
  }
}
