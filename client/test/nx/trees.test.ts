// What a result is made of, with real nx: a tree comes back as nx's own cache brings it back, and what nobody hands over is recorded.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { builtBundle, Fake, ID } from '../support/server.ts';
import { lib, majors, root, VERSIONS } from '../support/versions.ts';

const LONG = 'a-rather-long-name-of-a-folder-'.repeat(4);
/** A tree of every mode, with links, empty folders and long names. nx 17 copies what a link points to. */
const script = (links: boolean) => `import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist/empty/deep', { recursive: true });
mkdirSync('dist/${LONG}/${LONG}', { recursive: true });
writeFileSync('dist/${LONG}/${LONG}/äöü 日本 🚀.txt', 'deep');
for (const mode of [0o600, 0o400, 0o440, 0o500, 0o640, 0o644, 0o664, 0o700, 0o755]) {
  const file = 'dist/f' + mode.toString(8);
  writeFileSync(file, file);
  chmodSync(file, mode);
}
writeFileSync('dist/nothing', '');
${links ? "symlinkSync('f600', 'dist/link'); symlinkSync('empty', 'dist/folder-link'); symlinkSync('gone', 'dist/dangling'); symlinkSync('../f644', 'dist/empty/up');" : ''}
console.log('notes built');
`;

function list(folder: string, path = ''): string[] {
  return readdirSync(join(folder, path)).sort().flatMap((name) => {
    const at = join(path, name);
    const seen = lstatSync(join(folder, at));
    if (seen.isSymbolicLink()) return [`${at} -> ${readlinkSync(join(folder, at))}`];
    const line = `${at} ${(seen.mode & 0o777).toString(8)}`;
    return seen.isDirectory() ? [line, ...list(folder, at)] : [`${line} ${readFileSync(join(folder, at), 'utf8')}`];
  });
}

for (const major of majors) {
  describe(`nx ${VERSIONS[major]}`, { timeout: 600_000 }, () => {
    let fake: Fake;
    let folder: string;
    let machine: any;
    const cloud = () => ({ NX_CLOUD_API: fake.url, NX_CLOUD_ACCESS_TOKEN: 'bkci_0123456789012345678901234567890123456' });
    const dist = () => join(machine.workspace, 'notes', 'dist');

    before(async () => {
      fake = await Fake.start();
      fake.bundle = builtBundle(join(root, 'target/client'));
      folder = await mkdtemp(join(tmpdir(), `nx${major}-`));
      const { install } = await lib('install.mjs');
      machine = await (await lib('machine.mjs')).Machine.create(folder, VERSIONS[major], await install(VERSIONS[major]));
      await writeFile(join(machine.workspace, 'notes/build.mjs'), script(major !== '17'));
      for (const name of ['big', 'app']) await writeFile(join(machine.workspace, name, 'build.mjs'), `console.log('${name} built')`);
      if (Number(major) >= 23) {
        const file = join(machine.workspace, 'app/project.json');
        const project = JSON.parse(await readFile(file, 'utf8'));
        const run = (command: string) => ({ executor: 'nx:run-commands', options: { command, cwd: 'app' } });
        project.targets.serve = { ...run('node serve.mjs'), continuous: true };
        project.targets.e2e = { ...run('node e2e.mjs'), dependsOn: ['serve'] };
        await writeFile(file, JSON.stringify(project));
        await writeFile(join(machine.workspace, 'app/serve.mjs'), "console.log('listening, and then'); setTimeout(() => { console.log('it broke'); process.exit(5); }, 500);");
        await writeFile(join(machine.workspace, 'app/e2e.mjs'), 'setTimeout(() => {}, 4000)');
      }
      await machine.commit();
    });
    after(async () => {
      await fake.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test("brings a tree back as nx's own cache does", async () => {
      const shelf = new Map<string, Buffer>();
      const http = createServer(async (request, response) => {
        const parts: Buffer[] = [];
        for await (const part of request) parts.push(part as Buffer);
        const url = String(request.url);
        if (request.method === 'PUT') shelf.set(url, Buffer.concat(parts));
        const found = shelf.get(url);
        response.writeHead(found ? 200 : 404, { 'content-type': 'application/octet-stream' }).end(request.method === 'PUT' ? '' : found);
      });
      await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
      try {
        const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
        // nx 20 and newer have a cache over HTTP; before, what the task has made is the measure.
        const own = Number(major) >= 20 ? { url, token: 'x' } : {};
        assert.equal((await machine.build(own)).code, 0);
        const made = list(dist());
        if (Number(major) >= 20) {
          await machine.forget();
          assert.equal((await machine.build(own)).code, 0);
        }
        const restored = list(dist());
        if (Number(major) !== 20) assert.deepEqual(restored, made);
        await machine.configure({ nxCloudId: ID, nxCloudUrl: fake.url });
        await machine.forget();
        assert.equal((await machine.build({ env: cloud() })).code, 0);
        await machine.forget();
        const second = await machine.build({ env: cloud() });
        assert.match(second.text, /3 fetched, 0 stored/);
        assert.deepEqual(list(dist()), major === '20' ? made : restored);
      } finally {
        http.closeAllConnections();
        http.close();
      }
    });

    test('restores nothing of what leads out of an output', async () => {
      for (const linkname of ['/etc/passwd', '../../nx.json', '../source.txt']) {
        const out = pack();
        out.entry({ name: 'notes/dist/', type: 'directory' });
        out.entry({ name: 'notes/dist/l', type: 'symlink', linkname });
        out.entry({ name: 'terminalOutput' }, 'evil');
        out.entry({ name: 'code' }, Buffer.alloc(4));
        out.finalize();
        const parts: Buffer[] = [];
        for await (const part of out as unknown as AsyncIterable<Buffer>) parts.push(part);
        for (const hash of fake.artifacts.keys()) fake.artifacts.set(hash, { bytes: gzipSync(Buffer.concat(parts)), format: 'tar' });
        await machine.forget();
        const { code, text } = await machine.build({ env: cloud() });
        assert.equal(code, 0, text);
        assert.match(text, /damaged or altered/);
        assert.ok(!readdirSync(dist()).includes('l'), linkname);
        assert.ok(readdirSync(dist()).includes('f600'));
      }
      fake.artifacts.clear();
    });

    // nx 21 and 22 leave it nowhere.
    test('records the output of a continuous task that fails', { skip: Number(major) < 23 }, async () => {
      await machine.forget();
      fake.runs.clear();
      const { text } = await machine.nx(['run', 'app:e2e'], { ...cloud(), CI: 'true' });
      const run = [...fake.runs.values()][0]!;
      const tasks = new Map<string, any>(run.reports.flatMap((report: any) => report.tasks).map((task: any) => [task.id, task]));
      const log = run.reports.flatMap((report: any) => report.logs).filter((one: any) => one.task === tasks.get('app:serve')?.number).map((one: any) => one.text).join('');
      assert.match(log, /listening, and then[\s\S]*it broke/, `${text}\n${JSON.stringify([...tasks.values()])}`);
      assert.equal(log.split('it broke').length, 2, 'once');
    });

    test('shares no failure that nx keeps, and shows its replay', { skip: Number(major) < 24 }, async () => {
      await machine.forget();
      fake.runs.clear();
      await mkdir(join(machine.workspace, 'app'), { recursive: true });
      await writeFile(join(machine.workspace, 'app/build.mjs'), "console.log('app broke'); process.exit(3)");
      const env = { ...cloud(), NX_CACHE_FAILURES: 'true' };
      for (let round = 0; round < 2; round += 1) assert.notEqual((await machine.build({ env })).code, 0);
      const last = (run: any) => run.reports.flatMap((report: any) => report.tasks).filter((task: any) => task.id === 'app:build').at(-1);
      const [first, second] = [...fake.runs.values()].map(last);
      assert.deepEqual([first.status, first.cache, second.status, second.cache], ['failure', 'miss', 'failure', 'local_hit']);
      assert.equal(fake.artifacts.size, 2, 'of the two that did not fail');
    });

    test('knows a workspace by what nx.json extends', async () => {
      const file = join(machine.workspace, 'nx.json');
      const { nxCloudId, nxCloudUrl, ...rest } = JSON.parse(await readFile(file, 'utf8'));
      await writeFile(join(machine.workspace, 'base.json'), JSON.stringify({ ...rest, nxCloudId, nxCloudUrl }));
      await writeFile(file, JSON.stringify({ extends: './base.json' }));
      execFileSync('git', ['add', '.'], { cwd: machine.workspace });
      fake.seen.length = 0;
      const env = { NX_CLOUD_ACCESS_TOKEN: cloud().NX_CLOUD_ACCESS_TOKEN };
      assert.equal((await machine.cloud(['whoami'], env)).code, 0);
      assert.ok(fake.asked('GET /api/v1/whoami').length > 0);
    });
  });
}
