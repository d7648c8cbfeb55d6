// Where mail arrives: at an SMTP server, or as files when the server under test has none configured.
import { readdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { expect } from '@playwright/test';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';

export interface Mailbox {
  /** The mails to this address, the oldest first. */
  to(address: string): Promise<Email[]>;
}

const isTo = (address: string) => (mail: Email) => mail.to?.some((to) => to.address === address) ?? false;

/** The folder with one `.eml` file per mail. */
export class MailFolder implements Mailbox {
  constructor(private readonly folder: string) {}

  async to(address: string) {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.eml')).sort();
    const mails = await Promise.all(names.map(async (name) => PostalMime.parse(await readFile(join(this.folder, name)))));
    return mails.filter(isTo(address));
  }
}

/** An SMTP server that keeps what it gets. It knows no mailbox whose name begins with `nobody`, and `later` is always full. */
export class MailServer implements Mailbox {
  private readonly mails: Email[] = [];

  private readonly server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, done) => {
      const refusal = (responseCode: number, words: string) => Object.assign(new Error(words), { responseCode });
      if (address.startsWith('nobody')) done(refusal(550, '5.1.1 no such mailbox'));
      else if (address.startsWith('later')) done(refusal(452, '4.2.2 mailbox is full'));
      else done();
    },
    onData: (stream, _session, done) => {
      buffer(stream).then((bytes) => PostalMime.parse(bytes)).then((mail) => { this.mails.push(mail); done(); }, done);
    },
  });

  async start(): Promise<string> {
    await new Promise<void>((started) => { this.server.listen(0, '127.0.0.1', started); });
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((stopped) => { this.server.close(stopped); });
  }

  async to(address: string) {
    return this.mails.filter(isTo(address));
  }
}

/** Waits for the mail with this subject. */
export async function mailTo(mailbox: Mailbox, address: string, subject: string | RegExp): Promise<Email> {
  let found: Email | undefined;
  await expect.poll(async () => {
    found = (await mailbox.to(address)).find((mail) => mail.subject?.match(subject));
    return found?.subject;
  }, { message: `mail to ${address}`, intervals: [50], timeout: 15_000 }).toMatch(subject);
  return found!;
}

/** The one link that the text of a mail asks to open. */
export function linkIn(mail: Email): string {
  const links = mail.text?.match(/https?:\/\/\S+\?link=\S+/g) ?? [];
  expect(links, mail.text).toHaveLength(1);
  return links[0]!;
}
