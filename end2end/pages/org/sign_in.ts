import type { Org } from '../../support/setup.ts';
import { Frame } from '../frame.ts';

export class SignInRule extends Frame {
  async open(org: Org) {
    await this.page.goto(`/o/${org.slug}/settings`);
    await this.page.getByRole('link', { name: 'How members sign in' }).click();
  }

  /** Looks at what would follow. */
  async preview(domains = '') {
    await this.page.getByLabel(/^Only accounts of these domains/).fill(domains);
    await this.page.getByRole('button', { name: 'See what would follow' }).click();
  }

  async require() {
    await this.main.getByRole('button', { name: 'Require Google' }).click();
  }

  async lift() {
    await this.ask('Let members in with a password…');
    await this.main.getByRole('button', { name: 'Let them in' }).click();
  }
}
