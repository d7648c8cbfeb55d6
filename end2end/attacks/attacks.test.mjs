// Attacks on one server, and somebody of another organization who works there meanwhile: their requests go on.
// SECONDS sets how long each group of attacks lasts.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Server } from '../nx/lib/server.mjs';
import { Attack } from './lib/attack.mjs';
import { Victim } from './lib/victim.mjs';
import { build } from './lib/world.mjs';

const seconds = Number(process.env.SECONDS ?? 20);
/** The longest that one in twenty may take, whatever a quiet machine takes. On two cores, attackers and the server share them. */
const LONG = 2000;
/** What the attacks together may make the server hold. */
const MOST_MEBIBYTES = 500;

/** Which attacks are played at once, by the part of the server that they are aimed at. */
const GROUPS = {
  'connections that ask for nothing': ['silent', 'preface', 'drippingHeads', 'drippingForms'],
  'transfers that stand still': ['unreadDownloads', 'unreadStreams', 'drippingUploads', 'drippingReports'],
  'writes without a token': ['unclaimedFlood', 'runFlood'],
  'large answers that nobody reads, and made-up methods': ['unreadLogs', 'unreadPages', 'madeUpMethods'],
  'sign-ins, terminals and wrong passwords': ['signIns', 'terminals', 'wrongPasswords'],
};

let data, server, world, victim, quiet, memory;
let failed = true;

async function resident() {
  const status = await readFile(`/proc/${server.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
}

const files = async () => (await readdir(`/proc/${server.child.pid}/fd`)).length;

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'attacks-'));
  const env = { BUILDKEEP_TRUSTED_PROXIES: '["127.0.0.1"]', BUILDKEEP_LOG: 'warn', BUILDKEEP_KEEP_FREE_MIB: '0' };
  server = await Server.start(data, { env, files: 2048 });
  world = await build(server, env);
  victim = new Victim(server, world.victim);
  await victim.prepare();
  quiet = await victim.work(Math.min(seconds, 6));
  memory = await resident();
});

after(async () => {
  if (failed && server) console.error(server.log);
  victim?.close();
  await server?.kill();
  await rm(data, { recursive: true, force: true });
});

for (const [name, attacks] of Object.entries(GROUPS)) {
  test(name, { timeout: (seconds + 120) * 1000 }, async () => {
    const attack = await Attack.start(attacks, { ...world.attackers, port: server.port, url: server.url, seconds });
    let seen;
    try {
      seen = await victim.work(seconds);
    } finally {
      await attack.stop();
    }
    const [grown, open] = [await resident() - memory, await files()];
    console.log(`${name}: ${attack.did()}; ${Math.round(grown)} MiB more, ${open} files\n${table(seen)}`);
    for (const [what, { refused }] of Object.entries(seen)) assert.deepEqual(refused, {}, `${what} went wrong`);
    for (const [what, { median, most, count, unnoticed }] of Object.entries(seen)) {
      assert.ok(count > 0, `${what} was never done`);
      assert.ok(median <= Math.max(3 * quiet[what].median, unnoticed), `${what} takes ${median} ms, and ${quiet[what].median} ms when it is quiet`);
      assert.ok(count < 10 || most <= Math.max(3 * quiet[what].most, LONG), `${what} takes up to ${most} ms, and ${quiet[what].most} ms when it is quiet`);
    }
    assert.ok(grown < MOST_MEBIBYTES, `the server holds ${Math.round(grown)} MiB more`);
  });
}

test('afterwards nothing is left of it', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  assert.ok(text.length < 300_000, `the metrics have ${text.length} bytes`);
  assert.ok(!text.includes('MADEUP'), 'no series has a name that a client made up');
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  failed = false;
});

function table(seen) {
  const cell = (number) => number.toFixed(1).padStart(8);
  const row = ([what, { count, median, most }]) =>
    `  ${what.padEnd(24)} ${String(count).padStart(5)} times ${cell(median)} ms (quiet ${cell(quiet[what].median)}), 95 %: ${cell(most)} ms (${cell(quiet[what].most)})`;
  return Object.entries(seen).map(row).join('\n');
}
