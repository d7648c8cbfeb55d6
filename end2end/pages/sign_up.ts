import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class SignUp extends Frame {
  readonly name: Locator = this.page.getByLabel('Your name');
  readonly email: Locator = this.page.getByLabel('E-mail address');

  async open() {
    await this.page.goto('/sign-up');
  }

  async submit(name: string, email: string) {
    await this.name.fill(name);
    await this.email.fill(email);
    await this.main.getByRole('button', { name: 'Sign up' }).click();
  }
}
