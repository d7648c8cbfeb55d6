// `nx connect` of an unmodified nx against a real server: what it writes into nx.json, what it prints, where its link leads,
// and that the workspace works before somebody claims it and after.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Machine } from './lib/machine.mjs';
import { Server } from './lib/server.mjs';
import { build, Team } from './lib/team.mjs';
import { majors, versions } from './lib/versions.mjs';

const ID = /^[0-9a-f]{24}$/;

/** A checkout with a commit and this remote. */
async function checkout(folder, version, place, remote) {
  const machine = await Machine.create(folder, version, place);
  await machine.commit();
  await promisify(execFile)('git', ['remote', 'add', 'origin', remote], { cwd: machine.workspace });
  return machine;
}

const nxJson = async ({ workspace }) => JSON.parse(await readFile(join(workspace, 'nx.json'), 'utf8'));
const linkIn = (text, url) => text.match(new RegExp(`${url}/connect/(bkcon_[0-9A-Za-z]+)`))?.[1];
/** What the page of a link says to somebody who is not signed in: the same whatever it does. */
const opens = async (url, code) => (await fetch(`${url}/connect/${code}`)).status;

for (const major of majors) {
  const version = versions[major];

  describe(`nx connect of nx ${version}`, { timeout: 600_000 }, () => {
    let team, folder, server, place, gitlab, link;
    const connect = (machine) => machine.nx(['connect'], { NX_CLOUD_API: server.url, CI: 'false' });
    const claims = async (nxCloudId) => (await fetch(`${server.url}/nx-cloud/is-workspace-claimed`, {
      method: 'POST', body: JSON.stringify({ nxCloudId }),
    })).json();

    before(async () => {
      team = await Team.create(major, 'connect');
      ({ folder, server, place } = team);
    });
    after(() => team?.end());

    it('on another host than GitHub', async () => {
      gitlab = await checkout(join(folder, 'gitlab'), version, place, 'https://gitlab.com/acme/shop.git');
      const { code, text } = await connect(gitlab);
      const written = await nxJson(gitlab);
      assert.equal(written.nxCloudAccessToken, undefined, `no secret in nx.json:\n${text}`);
      if (Number(major) < 19) {
        assert.equal(code, 1, text);
        assert.match(text, /would write a secret into nx\.json/);
        assert.equal(written.nxCloudId, undefined);
        return;
      }
      assert.equal(code, 0, text);
      assert.match(written.nxCloudId, ID);
      assert.equal(written.nxCloudUrl, server.url);
      link = linkIn(text, server.url);
      assert.ok(link, `nx prints the link:\n${text}`);
      assert.equal(await opens(server.url, link), 200);
      assert.equal(await claims(written.nxCloudId), false);
    });

    it('works before anybody has an account', { skip: Number(major) < 19 && 'nx 17 and 18 cannot connect by an id' }, async () => {
      const first = await build(gitlab);
      assert.deepEqual([first.code, first.cache], [0, 'cache-miss'], first.text);
      assert.match(first.says, /the Nx Cloud id alone .* reads and writes the shared cache\. 0 fetched, 1 stored/);
      assert.equal((await build(gitlab)).cache, 'remote-cache-hit');
    });

    it('belongs to the organization into which a person who is signed in takes it', { skip: Number(major) < 19 && 'the same' }, async () => {
      const { nxCloudId: before } = await nxJson(gitlab);
      const page = await team.ada.post('/do/connections/accept', { code: link, org_slug: 'acme', workspace: 'from gitlab' });
      assert.match(page.path, /^\/o\/acme\/w\/wks_/);
      assert.match(page.text, /from gitlab/);
      // nx 19 and 20 do not say what their link is for: it creates a workspace, whose id has to be put into nx.json.
      const claiming = Number(major) >= 21;
      const [nxCloudId] = /\b[0-9a-f]{24}\b/.exec((await team.ada.open(`${page.path.replace(/\/connect$/, '')}/connect`)).text);
      assert.equal(nxCloudId === before, claiming);
      assert.equal(await claims(nxCloudId), true);
      await assert.rejects(team.ada.post('/do/connections/accept', { code: link, org_slug: 'acme', workspace: 'again' }), /was refused/, 'the link works once');
      await gitlab.configure({ nxCloudId });
      const after = await build(gitlab);
      assert.deepEqual([after.code, after.cache], [0, 'cache-miss'], after.text);
      assert.match(after.says, /the Nx Cloud id alone .* reads the shared cache\. 0 fetched, 0 stored/);
    });

    it('on GitHub', async () => {
      const machine = await checkout(join(folder, 'github'), version, place, 'https://github.com/acme/shop.git');
      const { code, text } = await connect(machine);
      const written = await nxJson(machine);
      assert.equal(written.nxCloudAccessToken, undefined, text);
      if (Number(major) < 19) return assert.equal(code, 1, text);
      assert.equal(code, 0, text);
      // From 21 on nx leaves the workspace to the page behind the link.
      if (Number(major) >= 21) assert.equal(written.nxCloudId, undefined);
      else assert.match(written.nxCloudId, ID);
      const created = await team.ada.post('/do/connections/accept', { code: linkIn(text, server.url), org_slug: 'acme', workspace: 'from github' });
      assert.match(created.path, /^\/o\/acme\/w\/wks_.*\/connect$/, 'the page says what to put into nx.json');
      assert.match(created.text, /\b[0-9a-f]{24}\b/);
    });

    it('when the server wants no workspaces without an account', async () => {
      const data = join(folder, 'closed');
      const closed = await Server.start(data, { env: { BUILDKEEP_UNCLAIMED_WORKSPACES: '0' } });
      try {
        const machine = await checkout(join(folder, 'refused'), version, place, 'https://gitlab.com/acme/shop.git');
        const { code, text } = await machine.nx(['connect'], { NX_CLOUD_API: closed.url, CI: 'false' });
        assert.equal(code, 1, text);
        assert.match(text, Number(major) < 19 ? /would write a secret/ : /only for people who are signed in/);
        const written = await nxJson(machine);
        assert.deepEqual([written.nxCloudId, written.nxCloudAccessToken], [undefined, undefined]);
      } finally {
        await closed.stop();
      }
    });
  });
}
