// From an empty browser to tokens that a build can use; mail goes through an SMTP server.
import { ChoosePassword } from '../pages/choose_password.ts';
import { NewOrg } from '../pages/new_org.ts';
import { OrgOverview } from '../pages/org/overview.ts';
import { SignUp } from '../pages/sign_up.ts';
import { Connect } from '../pages/workspace/connect.ts';
import { NewWorkspace } from '../pages/workspace/new.ts';
import { Tokens } from '../pages/workspace/tokens.ts';
import { Cache } from '../support/cache.ts';
import { linkIn, mailTo } from '../support/mailbox.ts';
import { stranger, unique } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

test.use({ mail: 'smtp' });

test('a newcomer signs up, creates organization and workspace, and hands out two tokens', async ({ page, mailbox, buildkeep }) => {
  const ada = stranger();
  await page.goto('/');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await new SignUp(page).submit(ada.name, ada.email);
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  await expect(page.getByText('.eml')).toBeHidden();

  await page.goto(linkIn(await mailTo(mailbox, ada.email, 'Choose your password')));
  const choose = new ChoosePassword(page);
  await choose.submit(ada.password);
  await choose.says('you are signed in');
  await expect(choose.heading).toHaveText(`Welcome, ${ada.name}`);

  await page.getByRole('link', { name: 'Create an organization' }).click();
  const slug = `acme-${unique()}`;
  await new NewOrg(page).submit('Acme', slug);
  const overview = new OrgOverview(page);
  await overview.says('you are its Admin');
  await expect(page).toHaveURL(`/o/${slug}`);
  await expect(page.getByRole('heading', { name: 'No workspace yet' })).toBeVisible();

  await page.getByRole('link', { name: 'Create a workspace' }).click();
  await new NewWorkspace(page).submit('shop');
  const connect = new Connect(page);
  await connect.says('The workspace is created');
  await expect(connect.lines('nx.json')).toContainText(`"nxCloudUrl": "${buildkeep.url}"`);

  await page.getByRole('main').getByRole('link', { name: 'Create a CI access token' }).click();
  const tokens = new Tokens(page);
  await expect(page.getByRole('heading', { name: 'No CI access token yet' })).toBeVisible();
  await tokens.create('main branch', 'read-write');
  const writer = await tokens.value();
  await tokens.create('pull requests', 'read-only');
  const reader = await tokens.value();

  expect(await new Cache(buildkeep.url, reader).put('1'), 'the read-only token stores').toBe(403);
  expect(await new Cache(buildkeep.url, writer).put('1'), 'the read-write token stores').toBe(200);
  expect(await new Cache(buildkeep.url, reader).get('1'), 'the read-only token reads').toBe(200);

  await tokens.tab('Artifacts');
  await expect(page.getByRole('row').filter({ hasText: 'main branch' })).toBeVisible();
});

test('the link in the mail works once, and only when the form is sent', async ({ page, mailbox, otherBrowser }) => {
  const ada = stranger();
  const form = new SignUp(page);
  await form.open();
  await form.submit(ada.name, ada.email);
  const link = linkIn(await mailTo(mailbox, ada.email, 'Choose your password'));

  await page.goto(link);
  const scanner = await otherBrowser();
  await scanner.goto(link);
  await new ChoosePassword(page).submit(ada.password);
  await new ChoosePassword(page).says('you are signed in');

  const second = new ChoosePassword(scanner);
  await second.submit('another long password');
  await expect(second.heading).toHaveText('This link works no more');
});

test('signing up with a known address says the same, and only the mail tells', async ({ page, mailbox, setup }) => {
  const ada = await setup.person();
  const form = new SignUp(page);
  await form.open();
  await form.submit('Somebody Else', ada.email);
  await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible();
  const mail = await mailTo(mailbox, ada.email, 'You have an account');
  expect(mail.text).toContain(`Hello ${ada.name}`);
});

test('an address that is none is refused, and the form keeps what was typed', async ({ page }) => {
  const form = new SignUp(page);
  await form.open();
  await form.submit('Ada', 'ada@localhost');
  await form.refuses(form.email, /Enter an e-mail address such as/);
  await expect(form.name).toHaveValue('Ada');
  await expect(form.email).toHaveValue('ada@localhost');
});
