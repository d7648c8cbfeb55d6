// What all pages share: the header with its menus, the tabs, the message of the last form.
import { expect, type Locator, type Page } from '@playwright/test';

export class Frame {
  readonly heading: Locator;
  readonly error: Locator;
  readonly main: Locator;

  constructor(readonly page: Page) {
    this.heading = page.getByRole('heading', { level: 1 });
    this.error = page.getByRole('alert');
    this.main = page.getByRole('main');
  }

  /** The message that follows a successful form. */
  async says(words: string | RegExp) {
    await expect(this.page.getByRole('status').filter({ hasText: words })).toBeVisible();
  }

  /** Opens a tab of the organization or the workspace. */
  async tab(name: string) {
    const tab = this.page.getByRole('navigation', { name: /^(Organization|Workspace)$/ }).getByRole('link', { name, exact: true });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-current', 'page');
  }

  tabs(): Locator {
    return this.page.getByRole('navigation', { name: /^(Organization|Workspace)$/ }).getByRole('link');
  }

  async openAccountMenu() {
    await this.page.getByLabel('Your account').click();
  }

  async signOut() {
    await this.openAccountMenu();
    await this.page.getByRole('button', { name: 'Sign out' }).click();
  }

  /** Opens the list of organizations in the header. */
  async openOrgMenu(current: string) {
    await this.page.getByRole('banner').locator('summary').filter({ hasText: current }).click();
  }

  async chooseTheme(name: 'System' | 'Light' | 'Dark') {
    await this.theme(name).click();
  }

  theme(name: 'System' | 'Light' | 'Dark'): Locator {
    return this.page.getByRole('contentinfo').getByRole('button', { name, exact: true });
  }

  /** Opens the question behind a button with an ellipsis, and answers the dialog. */
  async ask(button: string, within: Locator = this.main): Promise<Locator> {
    await within.locator('summary').filter({ hasText: button }).click();
    const dialog = within.getByRole('dialog');
    await expect(dialog).toBeVisible();
    return dialog;
  }

  /** The field is marked, and says why. */
  async refuses(field: Locator, reason: string | RegExp) {
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(field).toHaveAccessibleDescription(reason);
  }
}
