// What an Admin allows counts from the next request on: access levels, and members who are removed.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PASSWORD } from './lib/server.mjs';
import { build, Team } from './lib/team.mjs';
import { majors, versions } from './lib/versions.mjs';

for (const major of majors) {
  const old = Number(major) < 19;

  describe(`nx ${versions[major]}: levels`, { timeout: 600_000 }, () => {
    let team, bob, a, b, token;
    /** A build of Bob's. nx 17 and 18 never ask for what `nx-cloud configure` keeps. */
    const bobs = (source) => build(a, { source, env: old ? { NX_CLOUD_ACCESS_TOKEN: token } : {} });
    const nobodys = (source) => build(b, { source });
    const fine = async (building, cache, words) => {
      const { code, cache: found, says, text } = await building;
      assert.deepEqual([code, found], [0, cache], text);
      assert.match(says, words);
    };

    before(async () => {
      team = await Team.create(major, 'levels');
      bob = await team.member('Bob');
      [a, b] = [await team.machine('a'), await team.machine('b')];
      const page = await bob.browser.post('/do/personal-tokens/create', { name: 'laptop', expires: 'never', current: PASSWORD });
      token = /bkpat_[0-9A-Za-z]+/.exec(page.text)[0];
      const { code, text } = await a.cloud(['configure', `--personal-access-token=${token}`], old ? { NX_CLOUD_ACCESS_TOKEN: token } : {});
      assert.equal(code, 0, text);
    });
    after(() => team?.end());

    it('personal access tokens read, until they may store, and then no more', async () => {
      await fine(bobs('one'), 'cache-miss', /personal access token "laptop" .* reads the shared cache\. 0 fetched, 0 stored/);
      await team.level('personal', 'read-write');
      await fine(bobs('one'), 'cache-miss', /reads and writes the shared cache\. 0 fetched, 1 stored/);
      await fine(bobs('one'), 'remote-cache-hit', /1 fetched, 0 stored/);
      await team.level('personal', 'read-only');
      await fine(bobs('two'), 'cache-miss', /reads the shared cache\. 0 fetched, 0 stored/);
      await fine(bobs('two'), 'cache-miss', /0 fetched, 0 stored/);
      await fine(bobs('one'), 'remote-cache-hit', /reads the shared cache\. 1 fetched/);
    });

    it('the Nx Cloud id alone reads, stores, or does nothing', { skip: old && 'nx 17 and 18 ignore nxCloudId' }, async () => {
      await fine(nobodys('one'), 'remote-cache-hit', /the Nx Cloud id alone .* reads the shared cache\. 1 fetched/);
      await fine(nobodys('three'), 'cache-miss', /0 fetched, 0 stored/);
      await team.level('id', 'read-write');
      await fine(nobodys('three'), 'cache-miss', /reads and writes the shared cache\. 0 fetched, 1 stored/);
      await fine(bobs('three'), 'remote-cache-hit', /1 fetched/);
      await team.level('id', 'none');
      await fine(nobodys('one'), 'cache-miss', /may not use the shared cache/);
      await fine(bobs('one'), 'remote-cache-hit', /personal access token "laptop"/);
      await team.level('id', 'read-only');
      await fine(nobodys('one'), 'remote-cache-hit', /1 fetched/);
    });

    it('a token that is revoked in the browser counts for nothing from then on', async () => {
      const { id, token: value } = await team.shop.token('main', 'read-write');
      const env = { NX_CLOUD_ACCESS_TOKEN: value };
      await fine(build(b, { source: 'five', env }), 'cache-miss', /CI access token "main" .* 1 stored/);
      await fine(build(b, { env }), 'remote-cache-hit', /1 fetched/);
      await team.ada.post('/do/ci-tokens/revoke', { org_slug: 'acme', workspace_id: team.shop.id, token: id });
      await fine(build(b, { env }), 'cache-miss', /no remote cache for this command: This access token is .*revoked/);
    });

    it('who is removed counts as the Nx Cloud id alone', async () => {
      await fine(bobs('one'), 'remote-cache-hit', /personal access token "laptop"/);
      await team.ada.post('/do/members/remove', { org_slug: 'acme', member: bob.id });
      await fine(bobs('one'), 'remote-cache-hit', /counts as the Nx Cloud id alone: you are not a member/);
      await fine(bobs('one'), 'remote-cache-hit', /Buildkeep: .*: the Nx Cloud id alone .* reads the shared cache\. 1 fetched/);
      await team.level('id', 'none');
      await fine(bobs('one'), 'cache-miss', /may not use the shared cache/);
      const { text } = await bobs('four');
      assert.doesNotMatch(text, /run: http/, 'and such runs are not recorded');
    });
  });
}
