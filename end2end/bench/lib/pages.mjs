// How long lists take with very many rows against the same pages with 100 rows, for a signed-in person.
import { mkdir, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { Server, admin } from '../../nx/lib/server.mjs';
import { PORTS } from './contenders.mjs';
import { DIALECTS, FIRST_HASH, artifacts, events, fill, invites, members, settle } from './seed.mjs';
import { archive, median } from './transfers.mjs';

const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery staple';
const FEW = 100;
// A part of the address of one person alone. As many people did what the log holds in both organizations.
const PERSON = { few: 'n-1-42@', many: 'n-2-42@' };
const WARM_UP = 10;
const REQUESTS = 40;

/** Signs in as a browser does, and answers the cookie. */
async function signIn(server) {
  const answer = await fetch(`${server.url}/do/accounts/sign-in`, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams({ email: EMAIL, password: PASSWORD }),
    headers: { origin: server.url, referer: `${server.url}/sign-in`, 'sec-fetch-site': 'same-origin', accept: 'text/html' },
  });
  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]).filter((pair) => !pair.endsWith('='));
  if (![302, 303].includes(answer.status) || cookies.length === 0) throw new Error(`Signing in was answered ${answer.status} without a session.`);
  return cookies.join('; ');
}

/** Sends a form as a browser does. */
async function send(server, cookie, path, form) {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams(form), headers: { cookie, origin: server.url, accept: 'application/json' },
  });
  if (answer.status !== 303) throw new Error(`${path} was answered ${answer.status}.`);
}

/** Milliseconds from the request to the last byte, and the page. */
function load(url, agent, cookie) {
  return new Promise((done, fail) => {
    const began = process.hrtime.bigint();
    get(url, { agent, headers: { cookie, accept: 'text/html' } }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.once('end', () => {
        const ms = Number(process.hrtime.bigint() - began) / 1e6;
        if (answer.statusCode === 200) done({ ms, html: Buffer.concat(parts).toString() });
        else fail(new Error(`${url} was answered ${answer.statusCode}.`));
      });
    }).once('error', fail);
  });
}

/** Two organizations that differ only in how much is in them. */
async function build(dialect, place, options, sizes) {
  const { data } = options;
  const pages = {};
  await admin(data, ['user', 'create', '--email', EMAIL, '--name', 'Ada', '--password-stdin'], { ...options, input: `${PASSWORD}\n` });
  const server = await Server.start(data, { port: PORTS.pages, env: options.env });
  try {
    const cookie = await signIn(server);
    for (const slug of ['few', 'many']) {
      await admin(data, ['org', 'create', '--slug', slug, '--name', slug, '--admin', EMAIL], options);
      const { id } = await admin(data, ['workspace', 'create', '--org', slug, '--name', 'shop'], options);
      const { token } = await admin(data, ['token', 'create', '--org', slug, '--workspace', 'shop', '--name', 'bench', '--access', 'read-write', '--expires', 'never'], options);
      const answer = await fetch(`${server.url}/v1/cache/${FIRST_HASH}`, { method: 'PUT', headers: { authorization: `Bearer ${token}` }, body: archive(1024) });
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
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const cookie = await signIn(server);
    const results = [];
    for (const page of Object.keys(pages.few)) {
      const times = { few: [], many: [] };
      const lengths = {};
      for (let request = 0; request < WARM_UP + REQUESTS; request += 1) {
        for (const slug of ['few', 'many']) {
          const { ms, html } = await load(`${server.url}${pages[slug][page]}`, agent, cookie);
          if (request >= WARM_UP) times[slug].push(ms);
          lengths[slug] = html.length;
        }
      }
      results.push({ database: kind, page, rows: sizes[page.startsWith('audit') ? 'events' : page], few: median(times.few), many: median(times.many), lengths });
    }
    return results;
  } finally {
    agent.destroy();
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}
