import assert from 'node:assert/strict';
import { test } from 'node:test';
import { head, Log, MOST_PIECE_BYTES, tail } from '../src/log.ts';

const pieces = (log: Log) => {
  const all: { piece: number; text: string }[] = [];
  for (let one = log.next(); one; one = log.next()) all.push(one);
  return all;
};
const textOf = (log: Log) => pieces(log).map(({ text }) => text).join('');

test('no character is cut in two', () => {
  const text = 'aä日🚀'.repeat(50);
  for (let most = 0; most < 60; most += 1) {
    for (const part of [head(text, most), tail(text, most)]) {
      assert.ok(Buffer.byteLength(part) <= most, `${most}`);
      assert.ok(Buffer.byteLength(part) > most - 4 || most < 4, `${most}`);
      assert.doesNotMatch(part, /\uFFFD/);
    }
    assert.ok(text.startsWith(head(text, most)) && text.endsWith(tail(text, most)));
  }
});

test('a log goes in numbered pieces of bounded size', () => {
  const log = new Log();
  const text = '🚀 line äöü\n'.repeat(100_000);
  log.finish(text);
  const all = pieces(log);
  assert.deepEqual(all.map(({ piece }) => piece), all.map((_, index) => index));
  assert.ok(all.length > 3 && all.every((one) => Buffer.byteLength(one.text) <= MOST_PIECE_BYTES));
  assert.equal(all.map((one) => one.text).join(''), text);
});

test('what came live is not sent again at the end', () => {
  const log = new Log();
  log.append('one ');
  assert.equal(textOf(log), 'one ');
  log.append('two ');
  log.finish('one two three');
  assert.equal(textOf(log), 'two three');
});

test('what came live stays when nx keeps something else', () => {
  const log = new Log();
  log.append('live\r\n');
  log.finish('other');
  assert.equal(textOf(log), 'live\r\n');
});

test('an end without text leaves what came live', () => {
  const log = new Log();
  log.append('live');
  log.finish(undefined);
  assert.equal(textOf(log), 'live');
});

for (const live of [false, true]) {
  test(`of too much the middle is left out${live ? ', also when it came live' : ''}`, () => {
    const log = new Log();
    const whole = Array.from({ length: 1_000_000 }, (_, number) => `line ${number} ${'x'.repeat(40)}\n`).join('');
    if (live) for (let at = 0; at < whole.length; at += 1 << 16) log.append(whole.slice(at, at + (1 << 16)));
    log.finish(whole);
    const text = textOf(log);
    assert.ok(Buffer.byteLength(text) <= 32 << 20, `${Buffer.byteLength(text)}`);
    assert.ok(Buffer.byteLength(text) > 31 << 20);
    const [left] = /… (\d+) bytes were left out here …/.exec(text) ?? [];
    assert.ok(left);
    assert.equal(Number(/\d+/.exec(left)?.[0]), whole.length - (Buffer.byteLength(text) - Buffer.byteLength(`\n${left}\n`)));
    assert.ok(text.startsWith('line 0 ') && text.endsWith(whole.slice(-100)));
  });
}
