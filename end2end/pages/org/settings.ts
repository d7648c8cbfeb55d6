import { expect, type Locator } from '@playwright/test';

import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class OrgSettings extends Frame {
  readonly name: Locator = this.page.getByLabel('Name of the organization');
  readonly address: Locator = this.page.getByLabel('Address of the organization');
  readonly confirmation: Locator = this.page.getByLabel(/^Type “.*” to confirm$/);

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/settings`);
  }

  async rename(name: string) {
    await this.name.fill(name);
    await this.page.getByRole('region', { name: 'Name', exact: true }).getByRole('button', { name: 'Save' }).click();
  }

  async move(slug: string) {
    await this.address.fill(slug);
    await this.page.getByRole('button', { name: 'Change the address' }).click();
  }

  async limitTokens(ci: string, personal: string) {
    const section = this.page.getByRole('region', { name: 'Longest life of tokens' });
    await section.getByLabel('CI access tokens').fill(ci);
    await section.getByLabel('Personal access tokens').fill(personal);
    await section.getByRole('button', { name: 'Save' }).click();
    await this.says('Saved.');
  }

  async publish(name: string, { hideLogs = false } = {}) {
    const dialog = await this.ask('Make public…');
    await expect(dialog).toContainText('All runs, past ones too');
    await expect(dialog).toContainText('Complete task logs');
    if (hideLogs) await dialog.getByRole('checkbox', { name: 'Keep task logs to members' }).check();
    await dialog.getByLabel(`Type “${name}” to make it public`).fill(name);
    await dialog.getByRole('button', { name: 'Make public' }).click();
  }

  /** Turns another switch of the visibility. */
  async turn(switchTo: 'Make private' | 'Keep task logs to members' | 'Let visitors read task logs' | 'Let search engines list it' | 'Keep search engines away') {
    await this.page.getByRole('button', { name: switchTo }).click();
  }

  async delete(confirmation: string) {
    await this.confirmation.fill(confirmation);
    await this.page.getByRole('button', { name: 'Delete the organization' }).click();
  }
}
