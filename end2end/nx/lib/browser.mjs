// A person in a browser without a screen: keeps cookies, opens pages, sends their forms.
import { PASSWORD } from './server.mjs';

const MOST_REDIRECTS = 5;

export class Browser {
  cookies = new Map();

  constructor(url) {
    this.url = url;
  }

  static async signIn(url, email, password = PASSWORD) {
    const browser = new Browser(url);
    await browser.post('/do/accounts/sign-in', { email, password });
    return browser;
  }

  async request(path, options = {}) {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const headers = { accept: 'text/html', ...(cookie ? { cookie } : {}), ...options.headers };
    const answer = await fetch(new URL(path, this.url), { ...options, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  /** The page at this address, or where it leads to. */
  async open(path) {
    for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
      const answer = await this.request(path);
      const text = await answer.text();
      const next = answer.headers.get('location');
      if (!next) return { status: answer.status, path: new URL(path, this.url).pathname, text };
      path = next;
    }
    throw new Error(`${path} leads nowhere.`);
  }

  /** Sends a form of ours; answers the page that follows. A form that is refused is an error. */
  async post(path, fields) {
    const answer = await this.request(path, {
      method: 'POST', body: new URLSearchParams(fields), headers: { origin: this.url, 'sec-fetch-site': 'same-origin' },
    });
    const next = answer.headers.get('location');
    if (!next) throw new Error(`${path} was refused with ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
    return this.open(next);
  }
}

const words = (html) => html.replace(/<!--.*?-->|<!>/gs, '').replace(/<[^>]+>/g, ' ')
  .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
  .replace(/&(lt|gt|quot|amp|#39);/g, (_, name) => ({ lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" })[name])
  .replace(/\s+/g, ' ').trim();

/** Names and values of the lists of facts on a page. */
export function factsOf({ text }) {
  const pairs = text.matchAll(/<dt[^>]*>(.*?)<\/dt>\s*(?:<!--.*?-->|<!>)*\s*<dd[^>]*>(.*?)<\/dd>/gs);
  return Object.fromEntries([...pairs].map(([, name, value]) => [words(name), words(value)]));
}

/** Rows of the tables on a page: the words of each cell, and where the row's link leads. */
export function rowsOf({ text }) {
  return [...text.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) => ({
    cells: [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => words(cell)), link: /href="([^"]+)"/.exec(row)?.[1],
  })).filter(({ link }) => link);
}

/** The heading of a page. */
export const headingOf = ({ text }) => words(/<h1[^>]*>(.*?)<\/h1>/s.exec(text)?.[1] ?? '');
