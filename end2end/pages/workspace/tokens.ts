import type { Locator } from '@playwright/test';

import type { Access, Workspace } from '../../support/setup.ts';
import { Frame } from '../frame.ts';
import { workspacePath } from './paths.ts';

export class Tokens extends Frame {
  /** The part of the page that shows a new value, once. */
  readonly issued: Locator = this.main.getByRole('status').filter({ hasText: 'it is not shown again' });
  readonly name: Locator = this.page.getByLabel('Name', { exact: true });
  readonly rows: Locator = this.page.getByRole('row').filter({ has: this.page.getByRole('cell') });

  async open(workspace: Workspace) {
    await this.page.goto(workspacePath(workspace, 'tokens'));
  }

  /** Chooses a level by the words of its button, and confirms. */
  async level(words: string) {
    const dialog = await this.ask(`${words}…`);
    await dialog.getByRole('button', { name: /^Change to / }).click();
    await this.says('Saved.');
  }

  async create(name: string, access: Access, expires?: string) {
    await this.name.fill(name);
    await this.page.getByRole('radio', { name: access }).check();
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

  async rotate(name: string, overlap: string) {
    const dialog = await this.ask('Rotate…', this.row(name));
    await dialog.getByLabel('The old value goes on working for').selectOption({ label: overlap });
    await dialog.getByRole('button', { name: 'Rotate' }).click();
  }

  async revoke(name: string) {
    const dialog = await this.ask('Revoke…', this.row(name));
    await dialog.getByRole('button', { name: 'Revoke' }).click();
  }
}
