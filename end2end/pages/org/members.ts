import type { Locator } from '@playwright/test';

import type { Org, Person } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class Members extends Frame {
  readonly search: Locator = this.page.getByRole('searchbox', { name: 'Search members' });
  readonly rows: Locator = this.page.getByRole('row').filter({ has: this.page.getByRole('cell') });

  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/members`);
  }

  row(person: Person): Locator {
    return this.rows.filter({ hasText: person.email });
  }

  async make(role: 'Admin' | 'Member', person: Person) {
    const dialog = await this.ask(`Make ${role}…`, this.row(person));
    await dialog.getByRole('button', { name: `Make ${role}: ${person.name}` }).click();
  }

  /** An Admin gives up the role. */
  async stepDown(person: Person) {
    await this.make('Member', person);
  }

  async remove(person: Person) {
    const dialog = await this.ask('Remove…', this.row(person));
    await dialog.getByRole('button', { name: 'Remove' }).click();
  }

  async leave() {
    const dialog = await this.ask('Leave…', this.page.getByRole('region', { name: 'Leave the organization' }));
    await dialog.getByRole('button', { name: 'Leave' }).click();
  }

  async find(words: string) {
    await this.search.fill(words);
    await this.page.getByRole('button', { name: 'Search' }).click();
  }
}
