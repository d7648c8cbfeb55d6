// A person with a browser, as far as a bench needs one: signs in, sends forms, loads pages and takes the time.
import { Agent, get } from 'node:http';
import { admin } from '../../nx/lib/server.mjs';
import { median } from './transfers.mjs';

const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse battery staple';
const WARM_UP = 10;
const REQUESTS = 40;

/** Creates the account. */
export const account = (data, options) => admin(data, ['user', 'create', '--email', EMAIL, '--name', 'Ada', '--password-stdin'], { ...options, input: `${PASSWORD}\n` });

/** Creates an organization of that account with a workspace, and answers what makes tokens for it. */
export async function org(data, options, slug) {
  await admin(data, ['org', 'create', '--slug', slug, '--name', slug, '--admin', EMAIL], options);
  const { id } = await admin(data, ['workspace', 'create', '--org', slug, '--name', 'shop'], options);
  const token = async (name) => (await admin(data, ['token', 'create', '--org', slug, '--workspace', 'shop', '--name', name, '--access', 'read-write', '--expires', 'never'], options)).token;
  return { id, token };
}

/** Signs in as a browser does, and answers the cookie. */
export async function signIn(server) {
  const answer = await fetch(`${server.url}/do/accounts/sign-in`, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams({ email: EMAIL, password: PASSWORD }),
    headers: { origin: server.url, referer: `${server.url}/sign-in`, 'sec-fetch-site': 'same-origin', accept: 'text/html' },
  });
  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]).filter((pair) => !pair.endsWith('='));
  if (![302, 303].includes(answer.status) || cookies.length === 0) throw new Error(`Signing in was answered ${answer.status} without a session.`);
  return cookies.join('; ');
}

/** Sends a form as a browser does. */
export async function send(server, cookie, path, form) {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams(form), headers: { cookie, origin: server.url, accept: 'application/json' },
  });
  if (answer.status !== 303) throw new Error(`${path} was answered ${answer.status}.`);
}

/** Milliseconds from the request to the last byte, and the page. */
export function load(url, agent, cookie) {
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

/** Loads the same pages of several organizations in turn: median milliseconds and lengths, by page and organization. */
export async function compare(server, pages, warmUp = WARM_UP, requests = REQUESTS) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const cookie = await signIn(server);
  const slugs = Object.keys(pages);
  const results = {};
  try {
    for (const page of Object.keys(pages[slugs[0]])) {
      const times = Object.fromEntries(slugs.map((slug) => [slug, []]));
      const lengths = {};
      for (let request = 0; request < warmUp + requests; request += 1) {
        for (const slug of slugs) {
          const { ms, html } = await load(`${server.url}${pages[slug][page]}`, agent, cookie);
          if (request >= warmUp) times[slug].push(ms);
          lengths[slug] = html.length;
        }
      }
      results[page] = { ...Object.fromEntries(slugs.map((slug) => [slug, median(times[slug])])), lengths };
    }
    return results;
  } finally {
    agent.destroy();
  }
}
