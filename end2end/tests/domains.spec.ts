// People come in by the domain of their address: because an Admin has one there too, or because DNS proves it.
import { ChoosePassword } from '../pages/choose_password.ts';
import { Frame } from '../pages/frame.ts';
import { Domains } from '../pages/org/domains.ts';
import { Members } from '../pages/org/members.ts';
import { SignIn } from '../pages/sign_in.ts';
import { SignUp } from '../pages/sign_up.ts';
import { linkIn, mailTo } from '../support/mailbox.ts';
import { stranger, unique } from '../support/setup.ts';
import { expect, test } from '../support/test.ts';

test('an Admin adds their own domain, and colleagues join by the link', async ({ page, buildkeep, signIn, otherBrowser }) => {
  const [ada, bob] = [await buildkeep.setup.person('Ada Lovelace'), await buildkeep.setup.person('Bob Builder')];
  const org = await buildkeep.setup.org(ada);
  await signIn(ada);
  await new Members(page).open(org);
  await page.getByRole('main').getByRole('link', { name: 'Domains' }).click();
  const domains = new Domains(page);
  await expect(domains.joinLink).toHaveCount(0);
  await domains.add('gmail.com');
  await domains.refuses(domains.field, /Anybody can get an address/);
  await domains.add('@Example.com');
  await domains.says('example.com is on the list');
  await expect(domains.card('example.com')).toContainText('as long as Ada Lovelace is an Admin');

  const link = await domains.joinLink.innerText();
  const his = await otherBrowser();
  await his.goto(link);
  await new SignIn(his).submit(bob.email, bob.password);
  await expect(his.getByRole('main')).toContainText('You may come in as Member, because you have an address at example.com.');
  await his.getByRole('button', { name: 'Join Acme' }).click();
  await new Frame(his).says('You are in');
  await expect(his).toHaveURL(`/o/${org.slug}`);
  const members = new Members(page);
  await members.open(org);
  await expect(members.row(bob)).toContainText('joined by domain');

  await members.remove(bob);
  await his.goto(link);
  await expect(his.getByRole('main')).toContainText('Ask one of its Admins for a new invite');
  await domains.open(org);
  await domains.remove('example.com');
  await domains.says('example.com is off the list');
  await expect(domains.joinLink).toHaveCount(0);
});

test('DNS proves a domain, and a newcomer is offered the organization after signing up', async ({ page, mailbox, buildkeep, signIn, otherBrowser }) => {
  const ada = await buildkeep.setup.person('Ada Lovelace');
  const org = await buildkeep.setup.org(ada);
  const domain = `${unique()}.example.org`;
  await signIn(ada);
  const domains = new Domains(page);
  await domains.open(org);
  await domains.add(domain);
  await expect(domains.card(domain)).toContainText('Not open');
  await expect(domains.joinLink).toHaveCount(0);

  const [name, value] = await domains.record(domain);
  expect(name).toBe(`_buildkeep-challenge.${domain}`);
  await domains.check(domain);
  await domains.says(`DNS does not prove ${domain}`);
  await expect(domains.card(domain)).toContainText('DNS holds no TXT record of this name.');
  buildkeep.dns.txt(name, 'something else');
  await domains.check(domain);
  await expect(domains.card(domain).getByText('something else')).toBeVisible();
  buildkeep.dns.txt(name, value);
  await domains.check(domain);
  await domains.says(`DNS proves ${domain}`);
  await expect(domains.card(domain)).toContainText('DNS holds the record.');

  const zoe = stranger('Zoe Newcomer', domain);
  const hers = await otherBrowser();
  await new SignUp(hers).open();
  await new SignUp(hers).submit(zoe.name, zoe.email);
  await hers.goto(linkIn(await mailTo(mailbox, zoe.email, 'Choose your password')));
  await new ChoosePassword(hers).submit(zoe.password);
  await expect(hers.getByRole('main')).toContainText(`Acme is open to people at ${domain}: you may join as Member.`);
  await hers.getByRole('button', { name: 'Join Acme' }).click();
  await expect(hers).toHaveURL(`/o/${org.slug}`);

  buildkeep.dns.clear(name);
  await domains.check(domain);
  await expect(domains.card(domain)).toContainText('No longer proven');
  await new Members(page).open(org);
  await expect(new Members(page).row(zoe)).toBeVisible();
});

test('a join link says nothing to those whom it is not for', async ({ page, buildkeep, signIn }) => {
  const [ada, eve] = [await buildkeep.setup.person('Ada'), await buildkeep.setup.person('Eve')];
  const org = await buildkeep.setup.org(ada);
  for (const path of [`/join/${org.slug}`, '/join/missing']) {
    await page.goto(path);
    await expect(page).toHaveURL(`/sign-in?next=${encodeURIComponent(path)}`);
  }
  await signIn(eve);
  for (const path of [`/join/${org.slug}`, '/join/missing']) {
    const answer = await page.goto(path);
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole('heading', { name: 'Nothing here' })).toBeVisible();
  }
});
