import { Frame } from './frame.ts';

export class ForgotPassword extends Frame {
  async open() {
    await this.page.goto('/forgot-password');
  }

  async submit(email: string) {
    await this.page.getByLabel('E-mail address').fill(email);
    await this.page.getByRole('button', { name: 'Send the link' }).click();
  }
}
