// Texts of others: cut between characters, and sent so that every reader takes them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { plain } from '../src/say.ts';
import { cut, toJson, wellFormed } from '../src/text.ts';
import { Log } from '../src/log.ts';
import { client, Workspace } from './support/command.ts';
import { Fake } from './support/server.ts';

const FAMILY = '👩‍👩‍👧‍👦';

describe('a cut', () => {
  for (const [name, character] of Object.entries({ 'an emoji': '🚀', 'a family': FAMILY, 'a flag': '🇩🇪', 'a letter with its mark': 'e\u0301', 'a skin tone': '👍🏽', 'a Hangul syllable': '각' })) {
    test(`never goes through ${name}`, () => {
      const text = `ab${character.repeat(20)}`;
      for (let most = 1; most <= text.length; most += 1) {
        const short = cut(text, most);
        assert.ok(short.length <= most);
        assert.match(short, new RegExp(`^ab?(${character})*$`), JSON.stringify([most, short]));
        assert.ok(short.length > most - character.length - 1, `${most}`);
      }
    });
  }
  test('leaves nothing of half a pair that was there before', () => assert.deepEqual([wellFormed('a\uD83Db'), cut('\uDE80x', 5), cut('ab\uD83D', 2)], ['a\uFFFDb', '\uFFFDx', 'ab']));
  test('of one character without an end has an end', () => assert.equal(cut(`a${'\u0301'.repeat(5000)}`, 500).length, 500));
  test('is the only way to shorten texts of others', () => {
    const files = readdirSync(join(client, 'src'), { recursive: true }).map(String).filter((name) => name.endsWith('.ts') && !/^(text|log|wire)\.ts$/.test(name));
    for (const file of files) {
      const found = /\.(slice|substring|substr)\(0, (MOST|[a-z]*most|\d{3,})/.exec(readFileSync(join(client, 'src', file), 'utf8'));
      assert.equal(found, null, `${file} cuts by UTF-16 units: ${found?.[0]}`);
    }
  });
  test('holds for what people read', () => assert.equal(plain('🚀'.repeat(200), 301), `${'🚀'.repeat(150)}…`));
});

test('JSON holds no half characters, and all else as it was', () => {
  const value = { 'half\uD83D': ['\uDE80', 'whole 🚀', '\\ud83d is written so', '\\', '\u2028"\u0007'] };
  const text = toJson(value);
  assert.doesNotMatch(text, /[^\\]\\ud[89a-f]/);
  assert.deepEqual(JSON.parse(text), { 'half\uFFFD': ['\uFFFD', 'whole 🚀', '\\ud83d is written so', '\\', '\u2028"\u0007'] });
});

test('a character that comes in two pieces is sent as one', () => {
  const log = new Log();
  log.append('a\uD83D');
  assert.deepEqual(log.next(), { piece: 0, text: 'a' });
  assert.equal(log.hasWaiting, false);
  log.append('\uDE80b');
  assert.deepEqual(log.next(), { piece: 1, text: '🚀b' });
});

test('a run is recorded whatever its texts are', async () => {
  const fake = await Fake.start();
  const workspace = await Workspace.create();
  try {
    const title = `${'x'.repeat(499)}🚀 and more`;
    const env = { NX_CLOUD_COMMIT_MESSAGE: title, GITHUB_ACTIONS: 'true', GITHUB_RUN_ID: '1', GITHUB_SHA: 'a'.repeat(40), NX_BRANCH: `${'y'.repeat(299)}🚀` };
    const { said } = await workspace.nx(fake, { args: [`--note=${'z'.repeat(980)}${FAMILY}`], env });
    const bodies = fake.asked('POST /api/v1/runs').map(({ body }) => String(body));
    for (const body of bodies) assert.doesNotMatch(body, /\\ud[89a-f]/i);
    const [start] = bodies.map((body) => JSON.parse(body));
    assert.deepEqual([start.commit.title, start.branch], ['x'.repeat(499), 'y'.repeat(299)]);
    assert.match(start.command, /z$/);
    assert.ok(start.command.length <= 1000);
    assert.ok(said.some((line) => line.includes('run: ')), said.join('\n'));
  } finally {
    await fake.stop();
    await workspace.remove();
  }
});

test('one artifact that cannot be read does not hide the others', async () => {
  const fake = await Fake.start();
  const workspace = await Workspace.create();
  try {
    await workspace.nx(fake);
    await workspace.forget();
    fake.artifacts.get('1001')!.says = { bytes: 'many' as never };
    const { results } = await workspace.nx(fake);
    assert.deepEqual(results, { 'p0:build': 'remote-cache', 'p1:build': 'success', 'p2:build': 'remote-cache' });
  } finally {
    await fake.stop();
    await workspace.remove();
  }
});
