// `nx login` of an unmodified nx against a real server: what the terminal shows, what the person confirms, where the token is kept.
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { factsOf } from './lib/browser.mjs';
import { build, seen, Team } from './lib/team.mjs';
import { majors, versions } from './lib/versions.mjs';

const CODE = /\/login\/device\?code=([A-Z]{4}-[A-Z]{4})/;

for (const major of majors) {
  // nx 17 and 18 take only an access token for a connection: they give out no client without one, and ignore nxCloudId.
  const old = Number(major) < 19;
  const anyToken = old ? { NX_CLOUD_ACCESS_TOKEN: 'none' } : {};

  describe(`nx ${versions[major]}: login`, { timeout: 600_000 }, () => {
    let team, bob, a, file, token;
    const login = (more) => a.start(old ? 'nx-cloud' : 'nx', ['login'], { ...anyToken, ...more });
    /** nx 17 and 18 need the token of the login once more. */
    const own = () => (old ? { NX_CLOUD_ACCESS_TOKEN: token } : {});
    const asked = async (running) => (await seen(running, CODE))[1];

    before(async () => {
      team = await Team.create(major, 'login');
      bob = await team.member('Bob');
      a = await team.machine('a');
      file = join(a.home, '.config', 'nxcloud', 'nxcloud.ini');
    });
    after(() => team?.end());

    it('needs some access token', { skip: !old && 'from nx 19.7 on nxCloudId is enough' }, async () => {
      const { code, text } = await a.cloud(['login'], {});
      assert.equal(code, 1, text);
      assert.match(text, /Unable to authenticate/);
    });

    it('shows an address and a code, and keeps the token that the person lets it have', async () => {
      const running = login();
      const code = await asked(running);
      assert.ok(running.text.includes(`open ${team.url}/login/device?code=${code}`), running.text);
      assert.match(running.text, new RegExp(`^ +${code}$`, 'm'));
      const page = await bob.browser.open(`/login/device?code=${code}`);
      const facts = factsOf(page);
      assert.match(facts.Code, new RegExp(`^${code} `));
      assert.match(facts['Calls itself'], new RegExp(`nx ${versions[major]}`));
      await bob.browser.post('/do/logins/confirm', { code, expires: '30' });
      const { code: ended, text } = await running.ended;
      assert.equal(ended, 0, text);
      assert.ok(text.includes('logged in as bob@example.com') && text.includes(file), text);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      token = /^personalAccessToken\s*=\s*(bkpat_[0-9A-Za-z]+)$/m.exec(await readFile(file, 'utf8'))?.[1];
      assert.ok(token);
      assert.ok(!text.includes(token), 'the terminal does not show it');
      assert.match((await bob.browser.open('/account/tokens')).text, new RegExp(`nx ${versions[major]}`));
    });

    it('is used by the next build', async () => {
      const { code, says, text } = await build(a, { env: own() });
      assert.equal(code, 0, text);
      assert.match(says, /Acme\/shop: personal access token ".*" \(.*bkpat_….* reads the shared cache\. 0 fetched, 0 stored/);
      assert.ok(!text.includes(token));
      if (old) assert.equal((await build(a)).says, '', 'with the nxCloudId alone nx does not ask us');
    });

    it('whoami says who counts here', async () => {
      const { code, text } = await a.cloud(['whoami'], own());
      assert.equal(code, 0, text);
      assert.match(text, new RegExp(`^server +${team.url} .*answered in \\d+ ms$`, 'm'));
      assert.match(text, new RegExp(`^workspace +Acme/shop, nxCloudId ${team.shop.nxCloudId}$`, 'm'));
      assert.ok(text.includes('credential  personal access token "') && text.includes(`from ${old ? 'the environment' : file}`), text);
      assert.match(text, /^rights +reads the shared cache; runs are recorded$/m);
      const told = await a.cloud(['whoami', '--json'], own());
      const { server, credential, access } = JSON.parse(told.text.slice(told.text.indexOf('{')));
      assert.deepEqual([server, credential.kind, access.shared, access.execution], [team.url, 'personal_access_token', 'read', false]);
      assert.ok(!(text + told.text).includes(token));
    });

    it('doctor finds nothing wrong, or says what', async () => {
      const fine = await a.cloud(['doctor'], own());
      assert.equal(fine.code, 0, fine.text);
      assert.match(fine.text, new RegExp(`^ok +client [0-9.]+, nx ${versions[major]}, Node.js`, 'm'));
      assert.match(fine.text, /^ok +server .* answers in \d+ ms$/m);
      assert.doesNotMatch(fine.text, /^NO/m);
      const wrong = await a.cloud(['doctor'], { NX_CLOUD_ACCESS_TOKEN: 'bkci_nonsense' });
      assert.equal(wrong.code, 1, wrong.text);
      assert.match(wrong.text, /^NO +This access token is unknown/m);
    });

    it('gives nothing to a terminal that the person refuses', async () => {
      const running = login();
      await bob.browser.post('/do/logins/refuse', { code: await asked(running) });
      const { code, text } = await running.ended;
      assert.equal(code, 1, text);
      assert.match(text, /declined in the browser/);
      assert.ok((await readFile(file, 'utf8')).includes(token), 'the token of before stays');
    });

    it('works before a workspace is connected', { skip: Number(major) < 22 && 'nx before 22 gives out no client then' }, async () => {
      const running = (await team.machine('nowhere', {})).start('nx', ['login', team.url], {});
      await bob.browser.post('/do/logins/refuse', { code: await asked(running) });
      assert.match((await running.ended).text, /declined in the browser/);
    });

    it('logout revokes the token and forgets it', async () => {
      const headers = { authorization: `Bearer ${token}`, 'nx-cloud-id': team.shop.nxCloudId };
      const known = async () => (await fetch(`${team.url}/api/v1/whoami`, { headers })).status;
      assert.equal(await known(), 200);
      const { code, text } = await a.start(old ? 'nx-cloud' : 'nx', ['logout'], anyToken).ended;
      assert.equal(code, 0, text);
      assert.match(text, /the token is revoked, and forgotten here/);
      assert.equal(await known(), 401);
      assert.ok(!(await readFile(file, 'utf8')).includes('bkpat_'));
      const next = await build(a, { env: own() });
      assert.equal(next.code, 0, next.text);
      assert.match(next.says, old ? /This access token is .*revoked/ : /the Nx Cloud id alone/);
      assert.match((await a.cloud(['logout'], anyToken)).text, /there is no login/);
    });
  });
}
