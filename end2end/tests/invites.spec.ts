// From an Admin's list of addresses to members; mail goes through an SMTP server.
import { Invite } from '../pages/invite.ts';
import { Invites } from '../pages/org/invites.ts';
import { Members } from '../pages/org/members.ts';
import { ChoosePassword } from '../pages/choose_password.ts';
import { SignIn } from '../pages/sign_in.ts';
import { SignUp } from '../pages/sign_up.ts';
import { linkIn, mailTo } from '../support/mailbox.ts';
import { stranger } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

test.use({ mail: 'smtp' });

const SUBJECT = /invites you to/;

test('somebody new opens the mail, and is a member two clicks later', async ({ page, mailbox, buildkeep, signIn, otherBrowser }) => {
  const ada = await buildkeep.setup.person('Ada Lovelace');
  const org = await buildkeep.setup.org(ada);
  const bob = stranger('Bob Builder');
  await signIn(ada);
  await new Members(page).open(org);
  await page.getByRole('main').getByRole('link', { name: 'Invites' }).click();
  const invites = new Invites(page);
  await invites.invite(bob.email, { message: 'Welcome to the team!' });
  await expect(page.getByRole('heading', { name: '1 invite is on its way' })).toBeVisible();

  const mail = await mailTo(mailbox, bob.email, SUBJECT);
  expect(mail.text).toContain('> Welcome to the team!');
  const his = await otherBrowser();
  await his.goto(linkIn(mail));
  const invite = new Invite(his);
  await expect(his.getByLabel('E-mail address')).toHaveValue(bob.email);
  await invite.joinAsNew(bob.name, bob.password);
  await invite.says('You are in');
  await expect(his).toHaveURL(`/o/${org.slug}`);

  await invites.open(org);
  await expect(page.getByRole('heading', { name: 'No open invites' })).toBeVisible();
  await new Members(page).open(org);
  await expect(new Members(page).row(bob)).toContainText('accepted an invite');
});

test('somebody with an account signs in on the page of the invite', async ({ page, mailbox, buildkeep, signIn, otherBrowser }) => {
  const [ada, bob] = [await buildkeep.setup.person('Ada'), await buildkeep.setup.person('Bob')];
  const org = await buildkeep.setup.org(ada);
  await signIn(ada);
  const invites = new Invites(page);
  await invites.open(org);
  await invites.invite(bob.email);
  const his = await otherBrowser();
  await his.goto(linkIn(await mailTo(mailbox, bob.email, SUBJECT)));
  const invite = new Invite(his);
  await invite.joinWith('not the password');
  await expect(his.getByRole('alert')).toContainText('do not belong together');
  await invite.joinWith(bob.password);
  await expect(his).toHaveURL(`/o/${org.slug}`);
});

test('whoever is signed in with another account is told so, and can switch', async ({ page, mailbox, buildkeep, signIn }) => {
  const [ada, bob] = [await buildkeep.setup.person('Ada'), await buildkeep.setup.person('Bob')];
  const org = await buildkeep.setup.org(ada);
  await signIn(ada);
  const invites = new Invites(page);
  await invites.open(org);
  await invites.invite(bob.email);
  await page.goto(linkIn(await mailTo(mailbox, bob.email, SUBJECT)));
  await expect(page.getByText(`You are signed in as ${ada.email}, and this invite is for ${bob.email}`)).toBeVisible();
  await page.getByRole('button', { name: 'Sign out and go on' }).click();
  await new Invite(page).joinWith(bob.password);
  await expect(page).toHaveURL(`/o/${org.slug}`);
});

test('a link that is handed over leads a newcomer through the mail that proves the address', async ({ page, mailbox, buildkeep, signIn, otherBrowser }) => {
  const ada = await buildkeep.setup.person('Ada');
  const org = await buildkeep.setup.org(ada);
  const bob = stranger('Bob Builder');
  await signIn(ada);
  const invites = new Invites(page);
  await invites.open(org);
  await invites.invite(bob.email);
  const link = await invites.link(bob.email);

  const his = await otherBrowser();
  await his.goto(link);
  await his.getByRole('link', { name: 'I am new: sign up' }).click();
  await new SignUp(his).submit(bob.name, bob.email);
  await his.goto(linkIn(await mailTo(mailbox, bob.email, 'Choose your password')));
  await new ChoosePassword(his).submit(bob.password);
  await his.getByRole('button', { name: 'Join Acme' }).click();
  await expect(his).toHaveURL(`/o/${org.slug}`);
});

test('sent again the old link is dead; revoked the new one is too', async ({ page, mailbox, buildkeep, signIn, otherBrowser }) => {
  const ada = await buildkeep.setup.person('Ada');
  const org = await buildkeep.setup.org(ada);
  const bob = stranger('Bob');
  await signIn(ada);
  const invites = new Invites(page);
  await invites.open(org);
  await invites.invite(bob.email);
  const link = linkIn(await mailTo(mailbox, bob.email, SUBJECT));
  await invites.sendAgain(bob.email);
  await expect(page.getByRole('alert')).toContainText('less than a minute ago');
  await invites.revoke(bob.email);
  await invites.says('is revoked');
  const his = await otherBrowser();
  await his.goto(link);
  await expect(his.getByRole('main')).toContainText('This link works no more');
});

test('a list of many says for each line what happened', async ({ page, buildkeep, signIn }) => {
  const ada = await buildkeep.setup.person('Ada');
  const org = await buildkeep.setup.org(ada);
  await signIn(ada);
  const invites = new Invites(page);
  await invites.open(org);
  const many = Array.from({ length: 197 }, () => stranger('Somebody').email);
  await invites.invite([ada.email, ...many, 'not an address', ''].join('\n'));
  await expect(page.getByRole('heading', { name: '197 invites are on their way' })).toBeVisible();
  await expect(invites.results.filter({ hasText: ada.email })).toContainText('Already a member');
  await expect(invites.results.filter({ hasText: 'not an address' })).toContainText('Enter an e-mail address');
});

for (const { name, mailbox, state, words } of [
  { name: 'that is full is told of, and tried again', mailbox: 'later', state: 'Mail delayed', words: /mailbox is full.*tried again/ },
  { name: 'that does not exist is told of', mailbox: 'nobody', state: 'Mail failed', words: /no such mailbox/ },
]) {
  test(`a mailbox ${name}`, async ({ page, buildkeep, signIn }) => {
    const ada = await buildkeep.setup.person('Ada');
    const org = await buildkeep.setup.org(ada);
    await signIn(ada);
    const invites = new Invites(page);
    await invites.open(org);
    const address = `${mailbox}-${stranger().email}`;
    await invites.invite(address);
    await expect(async () => {
      await invites.open(org);
      await expect(invites.row(address)).toContainText(state, { timeout: 100 });
    }).toPass();
    await expect(invites.row(address)).toContainText(words);
  });
}

test('a link that is handed over leads somebody with an account through signing in', async ({ page, buildkeep, signIn, otherBrowser }) => {
  const [ada, bob] = [await buildkeep.setup.person('Ada'), await buildkeep.setup.person('Bob')];
  const org = await buildkeep.setup.org(ada);
  await signIn(ada);
  const invites = new Invites(page);
  await invites.open(org);
  await invites.invite(bob.email);
  const his = await otherBrowser();
  await his.goto(await invites.link(bob.email));
  await his.getByRole('link', { name: 'I have one: sign in' }).click();
  await new SignIn(his).submit(bob.email, bob.password);
  await new Invite(his).join.click();
  await expect(his).toHaveURL(`/o/${org.slug}`);
});
