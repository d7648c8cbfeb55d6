// The first download of the client, cut at every place: the build is done, and somebody says so. Which versions: NX_MAJORS.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Bundle, builtBundle, cutAfter, Fake, ID } from '../support/server.ts';
import { lib, majors, root, VERSIONS } from '../support/versions.ts';

/** Places in an answer of so many bytes, with a head of about a hundred. */
const places = (bytes: number) => [0, 40, 150, Math.floor(bytes / 3), Math.floor(bytes * 0.6), bytes - 1, bytes + 60];

for (const major of majors) {
  const axios = Number(major) <= 22;

  describe(`nx ${VERSIONS[major]}, whose first download is cut`, { timeout: 900_000 }, () => {
    let fake: Fake;
    let folder: string;
    let machine: any;
    let bundle: Bundle;
    const build = (...more: string[]) => machine.build({
      args: ['-p', 'notes', ...more],
      env: { NX_CLOUD_API: fake.url, NX_CLOUD_ACCESS_TOKEN: 'bkci_0123456789012345678901234567890123456', CI: 'true' },
    });
    const isBuilt = async () => (await machine.outputs()).length > 0;

    before(async () => {
      const { install } = await lib('install.mjs');
      const { Machine } = await lib('machine.mjs');
      fake = await Fake.start();
      bundle = fake.bundle = builtBundle(join(root, 'target/client'));
      folder = await mkdtemp(join(tmpdir(), `nx${major}-download-`));
      machine = await Machine.create(folder, VERSIONS[major], await install(VERSIONS[major]));
      await machine.configure({ nxCloudId: ID, nxCloudUrl: fake.url });
      await machine.commit();
    });
    after(async () => {
      await fake.stop();
      await rm(folder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      fake.faults.clear();
      fake.seen.length = 0;
      await machine.forget();
    });

    /** Where nx keeps the client. */
    async function installed(at = folder): Promise<string | undefined> {
      for (const entry of await readdir(at, { withFileTypes: true })) {
        const path = join(at, entry.name);
        if (entry.isDirectory() && entry.name !== 'node_modules') {
          const found = await installed(path);
          if (found) return found;
        } else if (entry.name === 'index.js' && (await readFile(path, 'utf8')).includes('Buildkeep')) return at;
      }
      return undefined;
    }

    async function isHealed() {
      fake.faults.clear();
      await machine.forget();
      const next = await build();
      assert.equal(next.code, 0, next.text);
      assert.match(next.text, /Acme\/shop: .* [01] fetched/, 'with the server back, the next command uses it');
    }

    // What loads the client is there in one packet, or not at all; the client itself is 150 KB, and cut anywhere.
    const file = axios ? 'client.js' : 'client.tar.gz';
    for (const at of places((axios ? builtBundle(join(root, 'target/client')).program : builtBundle(join(root, 'target/client')).bytes).length)) {
      for (const reset of at === 150 ? [true, false] : [at % 2 === 0]) {
        test(`${file} after ${at} bytes, ${reset ? 'with a reset' : 'in good order'}`, async () => {
          fake.faults.set(`GET /nx-cloud/client/${bundle.facts.version}/${file}`, cutAfter(at, axios ? bundle.program : bundle.bytes, reset));
          const first = await build();
          if (axios) {
            assert.equal(first.code, 0, first.text);
            assert.ok(await isBuilt(), first.text);
            assert.match(first.text, /Buildkeep: not used for this command: its client is not here in whole/);
          } else {
            // nx itself ends the build, and says why.
            assert.notEqual(first.code, 0, first.text);
            assert.match(first.text, /Error|error|terminated|closed/);
          }
          await isHealed();
        });
      }
    }

    test('what is cut is the answer to what nx asks first', async () => {
      const answer = Buffer.from(JSON.stringify({ valid: false, url: `/nx-cloud/client/${bundle.facts.version}/client.tar.gz`, version: bundle.facts.version }));
      for (const at of [0, 50, answer.length]) {
        fake.faults.set('GET /nx-cloud/client/verify', cutAfter(at, answer));
        await machine.forget();
        const first = await build();
        assert.ok(await isBuilt() || first.code !== 0, first.text);
        assert.notEqual(first.text.trim(), '');
        // From nx 20.0 to 21.3 on it is fatal; see README.md.
        if (major !== '20') assert.equal(first.code, 0, first.text);
      }
      await isHealed();
    });

    test('a client that is half on the disk does no harm while the server is away', async () => {
      assert.equal((await build()).code, 0);
      const place = await installed();
      assert.ok(place);
      await truncate(join(place, 'client.js'), 70_000);
      for (const start of ['GET /', 'POST /']) fake.faults.set(start, (request) => void request.socket.destroy());
      for (const again of [false, true]) {
        await rm(join(machine.workspace, 'notes', 'dist'), { recursive: true, force: true });
        const alone = await build('--skip-nx-cache');
        assert.equal(alone.code, 0, alone.text);
        assert.ok(await isBuilt(), alone.text);
        // nx 24 has a folder for each download: the bad one is gone, and nx says itself that it works without.
        assert.match(alone.text, again && major === '24' ? /not used for this command|offline/ : /Buildkeep: not used for this command/);
      }
      fake.faults.clear();
      const next = await build();
      assert.equal(next.code, 0, next.text);
      assert.match(next.text, /Acme\/shop: /);
    });

    test('a workspace whose files are ES modules is none of its business', async () => {
      const file = join(machine.workspace, 'package.json');
      const before = await readFile(file, 'utf8');
      await writeFile(file, JSON.stringify({ ...JSON.parse(before), type: 'module' }));
      try {
        const first = await build();
        assert.equal(first.code, 0, first.text);
        assert.match(first.text, /Acme\/shop: /);
      } finally {
        await writeFile(file, before);
      }
    });

    test('several first commands at once are all built', async () => {
      await mkdir(folder, { recursive: true });
      const all = await Promise.all([build(), build(), build()]);
      for (const { code, text } of all) {
        assert.notEqual(text.trim(), '');
        // nx 18 and 19 share a module and a database that fail by themselves.
        if (code !== 0) assert.match(text, /[Ee]rror|SIGBUS|database/);
      }
      assert.ok(await isBuilt());
    });
  });
}
