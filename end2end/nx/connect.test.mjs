// `nx connect` of an unmodified nx against a real server: what it writes into nx.json, what it prints, and where its link leads.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { install } from './lib/install.mjs';
import { Machine } from './lib/machine.mjs';
import { Server } from './lib/server.mjs';
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
    let folder, server, place;
    const connect = (machine) => machine.nx(['connect'], { NX_CLOUD_API: server.url, CI: 'false' });
    const claims = async (nxCloudId) => (await fetch(`${server.url}/nx-cloud/is-workspace-claimed`, {
      method: 'POST', body: JSON.stringify({ nxCloudId }),
    })).json();

    before(async () => {
      place = await install(version);
      folder = await mkdtemp(join(tmpdir(), `nx${major}-connect-`));
      server = await Server.start(join(folder, 'data'));
    });
    after(async () => {
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('on another host than GitHub', async () => {
      const machine = await checkout(join(folder, 'gitlab'), version, place, 'https://gitlab.com/acme/shop.git');
      const { code, text } = await connect(machine);
      const written = await nxJson(machine);
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
      const link = linkIn(text, server.url);
      assert.ok(link, `nx prints the link:\n${text}`);
      assert.equal(await opens(server.url, link), 200);
      assert.equal(await claims(written.nxCloudId), false);
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
      assert.ok(linkIn(text, server.url), text);
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
