// Kills the server with SIGKILL in the middle of uploads, many times, on one data folder.
// What was answered with 200 must be there and whole; what was not answered may be whole or absent, and nothing else.
// ROUNDS sets the number of kills, SEED repeats an earlier run's choices.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, doctor, freePort, workspaceOf } from './lib/server.mjs';
import { bodyOf, seeded, upload } from './lib/upload.mjs';

const rounds = Number(process.env.ROUNDS ?? 200);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const UPLOADERS = 6;
const PATIENCE = 60_000;

let data, port, token, server;
let failed = true;
const kept = [];
const count = { answered: 0, unansweredWhole: 0, unansweredAbsent: 0 };

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'crash-'));
  port = await freePort();
  const workspace = await workspaceOf(data);
  ({ token } = await workspace.token('crash', 'read-write'));
});

after(async () => {
  await server?.kill();
  if (failed) console.error(`SEED=${seed} repeats the choices of this run; its data folder ${data} was left as it is.`);
  else await rm(data, { recursive: true, force: true });
});

/** True when the server has the artifact; fails when it has anything else than the whole of it. */
async function has({ hash, size }) {
  const { status, body } = await server.artifact(hash, token);
  if (status === 404) return false;
  assert.equal(status, 200, `GET of ${hash}`);
  assert.ok(body.equals(bodyOf(hash, size)), `the bytes of ${hash} are not those that were sent`);
  return true;
}

/** A reader during the upload sees nothing or everything; the kill may cut its connection. */
function peek(attempt) {
  return has(attempt).catch((error) => {
    if (error instanceof assert.AssertionError) throw error;
  });
}

/** One upload after the other until the server is killed; each is written down before its first byte leaves. */
async function uploadUntilKilled(agent, number, client, round) {
  const random = seeded(seed, number, client);
  for (let turn = 0; !server.dying; turn += 1) {
    // 1 KiB to 3 MiB, as many small ones as big ones.
    const attempt = { hash: String((number + 1) * 1e9 + client * 1e7 + turn), size: Math.floor(1024 * 3072 ** random()) };
    round.attempts.push(attempt);
    const slow = { piece: Math.ceil(attempt.size / 8), pause: Math.floor(random() * 15) };
    const way = random() < 0.3 ? { agent, ...slow } : { agent };
    const reading = random() < 0.2 ? peek(attempt) : undefined;
    attempt.answer = await upload(server, token, attempt.hash, bodyOf(attempt.hash, attempt.size), way);
    if (attempt.answer === 200) round.progress();
    await reading;
  }
}

/**
 * Uploads from several clients; the kill comes a moment after so many were answered, so that it hits the others on
 * their way however fast the machine is. Answers what was tried.
 */
async function uploadAndKill(number) {
  const random = seeded(seed, number);
  const agent = new Agent({ keepAlive: true });
  const round = { attempts: [] };
  const enough = new Promise((done) => {
    let missing = 1 + Math.floor(random() * 12);
    round.progress = () => { if ((missing -= 1) === 0) done(); };
  });
  const clients = Array.from({ length: UPLOADERS }, (_, client) => uploadUntilKilled(agent, number, client, round));
  await Promise.race([enough, stuck(number)]);
  await sleep(random() * 20);
  server.dying = true;
  await server.kill();
  await Promise.all(clients);
  agent.destroy();
  return round.attempts;
}

/** Fails a round in which nothing moves. */
async function stuck(number) {
  await sleep(PATIENCE, undefined, { ref: false });
  throw new Error(`round ${number}: the uploads made no progress for ${PATIENCE / 1000} s`);
}

/** Holds a restarted server to what its predecessor answered. */
async function check(attempts) {
  let repeated = false;
  for (const attempt of attempts) {
    assert.ok([200, undefined].includes(attempt.answer), `PUT of ${attempt.hash} was answered ${attempt.answer}`);
    const whole = await has(attempt);
    if (attempt.answer === 200) {
      assert.ok(whole, `${attempt.hash} was answered with 200 and is gone`);
      count.answered += 1;
    } else {
      count[whole ? 'unansweredWhole' : 'unansweredAbsent'] += 1;
    }
    if (whole) kept.push(attempt);
    // The client that got no answer tries again; whatever the kill left behind must not be in its way.
    if (attempt.answer === undefined && !repeated) {
      repeated = true;
      const again = await upload(server, token, attempt.hash, bodyOf(attempt.hash, attempt.size));
      assert.equal(again, whole ? 409 : 200, `second PUT of ${attempt.hash}`);
      if (!whole) kept.push(attempt);
    }
  }
}

/** A kill before the server is ready must not need a repair either. */
async function killDuringStart(number) {
  server = new Server(data, port, {});
  await sleep(seeded(seed, number, 'start')() * 150);
  await server.kill();
}

test(`${rounds} kills during concurrent uploads (SEED=${seed})`, async (t) => {
  const began = Date.now();
  server = await Server.start(data, { port });
  for (let number = 0; number < rounds; number += 1) {
    const attempts = await uploadAndKill(number);
    if (number % 10 === 9) await killDuringStart(number);
    server = await Server.start(data, { port });
    await check(attempts);
  }
  for (const attempt of kept) assert.ok(await has(attempt), `${attempt.hash} was lost by a later kill`);
  await server.stop();
  t.diagnostic(`${JSON.stringify(count)} in ${Math.round((Date.now() - began) / 1000)} s`);
  assert.ok(count.answered >= rounds, 'the kills left the uploads no time: nothing was tested');
  assert.ok(count.unansweredAbsent + count.unansweredWhole > rounds, 'the kills hit no upload: nothing was tested');
  const health = await doctor(data);
  assert.equal(health.code, 0, health.text);
  failed = false;
});
