import type { Locator } from '@playwright/test';

import { Frame } from './frame.ts';

export class SignIn extends Frame {
  readonly email: Locator = this.page.getByLabel('E-mail address');
  readonly password: Locator = this.page.getByLabel('Password');

  async open(next?: string) {
    await this.page.goto(next ? `/sign-in?next=${encodeURIComponent(next)}` : '/sign-in');
  }

  async submit(email: string, password: string) {
    await this.email.fill(email);
    await this.password.fill(password);
    await this.main.getByRole('button', { name: 'Sign in' }).click();
  }
}
