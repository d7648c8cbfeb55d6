// How long lists take with very many rows against the same pages with 100 rows, for a signed-in person.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Server } from '../../nx/lib/server.mjs';
import { PORTS } from './contenders.mjs';
import { DIALECTS, FIRST_HASH, artifacts, events, fill, invites, members, settle } from './seed.mjs';
import { archive } from './transfers.mjs';
import { account, compare, org, send, signIn } from './visitor.mjs';

const FEW = 100;
// A part of the address of one person alone. As many people did what the log holds in both organizations.
const PERSON = { few: 'n-1-42@', many: 'n-2-42@' };

/** Two organizations that differ only in how much is in them. */
async function build(dialect, place, options, sizes) {
  const { data } = options;
  const pages = {};
  await account(data, options);
  const server = await Server.start(data, { port: PORTS.pages, env: options.env });
  try {
    const cookie = await signIn(server);
    for (const slug of ['few', 'many']) {
      const { id, token } = await org(data, options, slug);
      const answer = await fetch(`${server.url}/v1/cache/${FIRST_HASH}`, { method: 'PUT', headers: { authorization: `Bearer ${await token('bench')}` }, body: archive(1024) });
      if (answer.status !== 200) throw new Error(`A PUT was answered ${answer.status}.`);
      await send(server, cookie, '/do/invites/create', { org_slug: slug, addresses: 'invited@example.com', role: 'member' });
      const audit = `/o/${slug}/audit`;
      pages[slug] = {
        members: `/o/${slug}/members`, invites: `/o/${slug}/invites`, artifacts: `/o/${slug}/w/${id}/artifacts`,
        audit, 'audit, filtered': `${audit}?kind=org&action=created`, 'audit, none found': `${audit}?kind=org&action=left`,
        'audit, by a part of an address': `${audit}?actor=${encodeURIComponent(PERSON[slug])}`,
      };
    }
  } finally {
    await server.stop();
  }
  for (const [kind, slug] of [[1, 'few'], [2, 'many']]) {
    const size = slug === 'few' ? { members: FEW, invites: FEW, artifacts: FEW, events: FEW } : sizes;
    await fill(dialect, place, members(dialect, kind, slug, size.members), 'members', size.members);
    await fill(dialect, place, invites(dialect, kind, slug, size.invites), 'invites', size.invites);
    await fill(dialect, place, artifacts(dialect, kind, slug, size.artifacts), 'artifacts', size.artifacts);
    await fill(dialect, place, events(dialect, kind, slug, size.events, FEW), 'audit_events', size.events);
  }
  await settle(dialect, place);
  return pages;
}

/** Median times of the lists on one database: `kind` is sqlite or postgres, `url` the PostgreSQL database. */
export async function measurePages(folder, kind, url, sizes = { members: 10_000, invites: 2000, artifacts: 1_000_000, events: 1_000_000 }) {
  const data = join(folder, `pages-${kind}`);
  await mkdir(data, { recursive: true });
  const place = kind === 'sqlite' ? join(data, 'bench.db') : url;
  const env = { BUILDKEEP_LOG: 'warn', BUILDKEEP_DATABASE_URL: kind === 'sqlite' ? `sqlite://${place}` : url };
  const pages = await build(DIALECTS[kind], place, { data, env }, sizes);
  const server = await Server.start(data, { port: PORTS.pages, env });
  try {
    const rows = (page) => sizes[page.startsWith('audit') ? 'events' : page];
    return Object.entries(await compare(server, pages)).map(([page, result]) => ({ database: kind, page, rows: rows(page), ...result }));
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}
