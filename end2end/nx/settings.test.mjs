// Where nx.json may say who we are, how a secret there becomes an id that is none, and how to leave.
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { rowsOf } from './lib/browser.mjs';
import { build, Team } from './lib/team.mjs';
import { majors, versions } from './lib/versions.mjs';

for (const major of majors) {
  const old = Number(major) < 19;

  describe(`nx ${versions[major]}: nx.json`, { timeout: 600_000 }, () => {
    let team, id, writer;
    const runs = async () => rowsOf(await team.ada.open(`${team.path}/runs`)).length;
    const inRunner = (options, runner = { runner: 'nx-cloud' }) => ({ tasksRunnerOptions: { default: { ...runner, options: { ...options, url: team.url } } } });

    before(async () => {
      team = await Team.create(major, 'settings');
      id = team.shop.nxCloudId;
      writer = (await team.shop.token('main', 'read-write')).token;
      await team.level('id', 'read-write');
    });
    after(() => team?.end());

    const forms = {
      'nxCloudAccessToken': () => ({ nxCloudUrl: team.url, nxCloudAccessToken: writer }),
      'accessToken of the runner': () => inRunner({ accessToken: writer }),
      'nxCloudId': () => ({ nxCloudUrl: team.url, nxCloudId: id }),
      'nxCloudId of the runner': () => inRunner({ nxCloudId: id }),
    };
    for (const [name, form] of Object.entries(forms)) {
      it(`connects by ${name}`, async () => {
        const machine = await team.machine(name.replaceAll(' ', '-'), form());
        const first = await build(machine);
        assert.deepEqual([first.code, first.cache], [0, 'cache-miss'], first.text);
        if (old && name.startsWith('nxCloudId')) {
          // nx 17 and 18 do not know it.
          assert.equal(first.says, '', first.text);
          return;
        }
        assert.match(first.says, name.startsWith('nxCloudId') ? /the Nx Cloud id alone .* 1 stored/
          : /Acme\/shop: CI access token "main" \(token bkci_….* from nx\.json\) .* 1 stored/);
        assert.ok(!first.text.includes(writer));
        const second = await build(machine);
        assert.deepEqual([second.code, second.cache], [0, 'remote-cache-hit'], second.text);
      });
    }

    it('connects by accessToken of a runner without a name, up to nx 19 with its cache', async () => {
      const machine = await team.machine('nameless', inRunner({ accessToken: writer }, {}));
      const first = await build(machine);
      assert.equal(first.code, 0, first.text);
      assert.match(first.says, /CI access token "main"/);
      // From 20 on nx calls our runner for that, but does not ask it for the cache.
      assert.match(first.says, Number(major) < 20 ? /1 stored/ : /0 fetched, 0 stored/);
    });

    for (const name of ['nxCloudAccessToken', 'accessToken']) {
      it(`converts ${name}, and nothing else`, async () => {
        const machine = await team.machine(`convert-${name}`, {});
        const file = join(machine.workspace, 'nx.json');
        const text = (key, value) => {
          const pair = `${JSON.stringify(key)}  :\t${JSON.stringify(value)}`;
          const top = name === 'nxCloudAccessToken' ? `"nxCloudUrl":"${team.url}", ${pair}`
            : `"tasksRunnerOptions": { "default": {"runner":"nx-cloud", "options" :{ "parallel":3,${pair}, "url": "${team.url}"}}}`;
          return `// Of the shop.\r\n{\r\n\t"analytics" : false,   ${top},\n  `
            + '"targetDefaults": {"build":{ "cache": true,"dependsOn": [ "^build" ] } , "e\\u00e9": {}}\n\n}';
        };
        await writeFile(file, text(name, writer));
        const { mode } = await stat(file);
        const { code, text: said } = await machine.cloud(['convert-to-nx-cloud-id'], {});
        assert.equal(code, 0, said);
        assert.equal(await readFile(file, 'utf8'), text('nxCloudId', id));
        assert.equal((await stat(file)).mode, mode);
        assert.match(said, /revoke it at http/);
        assert.ok(!said.includes(writer));
        if (old) assert.match(said, /does not know nxCloudId/);
        const env = old ? { NX_CLOUD_ACCESS_TOKEN: writer } : {};
        assert.match((await build(machine, { env })).says, /1 stored/);
        assert.equal((await build(machine, { env })).cache, 'remote-cache-hit');
        const again = await machine.cloud(['convert-to-nx-cloud-id'], env);
        assert.match(again.text, /nothing to do/, 'a second time is no harm');
      });
    }

    it('leaves with the nxCloudId, without a word', async () => {
      for (const [name, nxJson] of Object.entries({ 'only-the-address': { nxCloudUrl: team.url }, 'nothing': {} })) {
        const machine = await team.machine(name, nxJson);
        const count = await runs();
        const left = await build(machine);
        assert.deepEqual([left.code, left.cache], [0, 'cache-miss'], left.text);
        assert.doesNotMatch(left.text, /Buildkeep|cloud|127\.0\.0\.1/i);
        assert.equal(await runs(), count);
      }
    });
  });
}
