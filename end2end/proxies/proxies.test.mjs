// The snippets of server/PROXIES.md, as they stand there, in the real programs: what they promise is tried through them.
// A program that is not installed is skipped, and said so.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Browser } from '../nx/lib/browser.mjs';
import { PASSWORD, Server, freePort, workspaceOf } from '../nx/lib/server.mjs';
import { bodyOf } from '../nx/lib/upload.mjs';

// The certificates are made up here.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const page = await readFile(new URL('../../server/PROXIES.md', import.meta.url), 'utf8');
const ARTIFACT = 20 << 20;

/** The first block of this language in the page. */
const snippet = (language) => page.split(`\`\`\`${language}\n`)[1].split('\n```')[0];

/** Replaces what differs from machine to machine; each of it has to be there. */
const adapted = (text, replacements) => Object.entries(replacements).reduce((all, [from, to]) => {
  assert.ok(all.includes(from), `${from} is not in the snippet any more`);
  return all.replaceAll(from, to);
}, text);

const installed = (program, ...args) => {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const proxies = {
  nginx: {
    there: installed('nginx', '-v'),
    async start(folder, port, backend) {
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
        '-keyout', key, '-out', certificate], { stdio: 'ignore' });
      const server = adapted(snippet('nginx'), {
        '127.0.0.1:3000': `127.0.0.1:${backend}`, 'listen 443': `listen 127.0.0.1:${port}`,
        '/etc/ssl/build.example.com.pem': certificate, '/etc/ssl/build.example.com.key': key,
      });
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
      const config = join(folder, 'nginx.conf');
      await writeFile(config, `daemon off; pid ${folder}/pid; error_log stderr; events {}\nhttp { access_log off; ${temporary.join(' ')}\n${server}\n}`);
      return spawn('nginx', ['-p', folder, '-c', config], { stdio: ['ignore', 'inherit', 'inherit'] });
    },
  },
  caddy: {
    there: installed('caddy', 'version'),
    async start(folder, port, backend) {
      const server = adapted(snippet('caddyfile'), { '127.0.0.1:3000': `127.0.0.1:${backend}`, 'build.example.com': `https://localhost:${port}` });
      const config = join(folder, 'Caddyfile');
      await writeFile(config, `{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n\tlog {\n\t\tlevel ERROR\n\t}\n}\n${server}\n`);
      const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
      return spawn('caddy', ['run', '--config', config, '--adapter', 'caddyfile'], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    },
  },
};

/** One request from this address, with what a client may claim in its headers. */
const from = (localAddress, port, path, { headers = {}, body } = {}) => new Promise((done, fail) => {
  const sent = request({ host: '127.0.0.1', servername: 'localhost', port, path, localAddress, method: body ? 'POST' : 'GET',
    headers: { host: `localhost:${port}`, accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', ...headers } });
  sent.on('response', async (answer) => {
    const text = [];
    for await (const piece of answer) text.push(piece);
    done({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(text).toString() });
  });
  sent.on('error', fail);
  sent.end(body && new URLSearchParams(body).toString());
});

for (const [name, proxy] of Object.entries(proxies)) {
  describe(name, { skip: proxy.there ? false : `${name} is not installed`, timeout: 120_000 }, () => {
    let folder, server, program, port, url, token;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), `${name}-`));
      port = await freePort();
      url = `https://localhost:${port}`;
      const workspace = await workspaceOf(join(folder, 'data'));
      ({ token } = await workspace.token('main', 'read-write'));
      server = await Server.start(join(folder, 'data'), { env: { BUILDKEEP_PUBLIC_URL: url, BUILDKEEP_TRUSTED_PROXIES: '["127.0.0.1"]' } });
      program = await proxy.start(folder, port, server.port);
      for (let tries = 0; (await from('127.0.0.1', port, '/sign-in').catch(() => ({}))).status !== 200; tries += 1) {
        assert.ok(tries < 300 && program.exitCode === null, `${name} does not serve; the server said ${server.log}`);
        await sleep(100);
      }
    });
    after(async () => {
      if (program && program.exitCode === null) {
        program.kill('SIGTERM');
        await new Promise((gone) => program.once('exit', gone));
      }
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('lets people sign in and send forms', async () => {
      const ada = await Browser.signIn(url, 'ada@example.com');
      const { text } = await ada.post('/do/accounts/rename', { name: 'Ada Lovelace' });
      assert.match(text, /Your account is saved/);
    });

    it('brings a refused form back as the answer', async () => {
      const refused = await from('127.0.0.1', port, '/do/accounts/sign-in', { headers: { origin: url }, body: { email: 'zoe@example.com', password: 'wrong' } });
      assert.equal(refused.status, 401);
      assert.equal(refused.headers.location, undefined);
      assert.match(refused.text, /value="zoe@example.com"/);
      assert.match(refused.headers['strict-transport-security'], /^max-age=31536000$/);
    });

    it('tells who asks, and not what the client claims', async () => {
      const headers = { origin: url, 'x-forwarded-for': '6.6.6.6' };
      const signedIn = await from('127.0.0.9', port, '/do/accounts/sign-in', { headers, body: { email: 'ada@example.com', password: PASSWORD } });
      assert.equal(signedIn.status, 303);
      const cookie = signedIn.headers['set-cookie'].map((line) => line.split(';')[0]).join('; ');
      const sessions = await from('127.0.0.9', port, '/account/security', { headers: { cookie } });
      assert.match(sessions.text, /127\.0\.0\.9/);
      assert.doesNotMatch(sessions.text, /6\.6\.6\.6/);
      assert.doesNotMatch(server.log, /trusted_proxies/);
    });

    it('carries artifacts whole, both ways', async () => {
      const body = bodyOf('123', ARTIFACT);
      const headers = { authorization: `Bearer ${token}` };
      const stored = await fetch(`${url}/v1/cache/123`, { method: 'PUT', headers: { ...headers, 'content-type': 'application/octet-stream' }, body });
      assert.equal(stored.status, 200, await stored.text());
      const found = await fetch(`${url}/v1/cache/123`, { headers });
      assert.ok(Buffer.from(await found.arrayBuffer()).equals(body));
    });

    it('keeps the metrics inside', async () => {
      assert.equal((await from('127.0.0.1', port, '/metrics')).status, 404);
    });
  });
}
