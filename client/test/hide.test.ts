// What is never recorded of a command line.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { hiding } from '../src/hide.ts';
import { begun } from '../src/tasks.ts';
import { Workspace } from './support/command.ts';
import { Fake } from './support/server.ts';

const TOKEN = 'bkci_0123456789012345678901234567890123456';

describe('a command line loses', () => {
  const ROWS: [string[], string][] = [
    [['nx', 'deploy', '--token=abc'], 'nx deploy --token=***'],
    [['nx', 'deploy', '--token', 'abc', 'shop'], 'nx deploy --token *** shop'],
    [['nx', 'deploy', '--token', '--verbose'], 'nx deploy --token --verbose'],
    [['nx', 'deploy', '--token', '-abc'], 'nx deploy --token ***'],
    [['nx', 'deploy', '--no-auth', 'shop'], 'nx deploy --no-auth shop'],
    [['--accessToken=a', '--access-token=a', '--API_KEY=a', '--apiKey', 'a', '--APIKey=a', '--githubtoken=a', '--passwords=a'],
      '--accessToken=*** --access-token=*** --API_KEY=*** --apiKey *** --APIKey=*** --githubtoken=*** --passwords=***'],
    [['--password=a', '--passwd=a', '--passphrase=a', '--secret=a', '--key=a', '--credentials=a', '--auth=a', '--otp=a'],
      '--password=*** --passwd=*** --passphrase=*** --secret=*** --key=*** --credentials=*** --auth=*** --otp=***'],
    [['--env.NPM_TOKEN=a', '--//registry.npmjs.org/:_authToken=a', 'NPM_TOKEN=a', '-e', 'DB_PASSWORD=a=b'],
      '--env.NPM_TOKEN=*** --//registry.npmjs.org/:_authToken=*** NPM_TOKEN=*** -e DB_PASSWORD=***'],
    [['--token="a b"', "--secret='a b'"], '--token=*** --secret=***'],
    [['--args=--token=a --x'], '--args=--token=*** --x'],
    [['--args="--token a --x"'], '--args="--token *** --x"'],
    [['sh', '-c', 'deploy --token "a b" && KEY=a run \'--secret=c d\''], 'sh -c deploy --token *** && KEY=*** run \'--secret=***\''],
    [['curl', 'https://ada:a@example.com/x', 'https://example.com/?token=a', 'https://example.com:80/@x'],
      'curl https://ada:***@example.com/x https://example.com/?token=*** https://example.com:80/@x'],
    [['echo', TOKEN, `x=${TOKEN}`], 'echo bkci_*** x=bkci_***'],
    [['--token='], '--token=***'],
    [['sh', '-c', 'make ""--token=a; x;KEY=b; "--x="--token=c'], 'sh -c make ""--token=***; x;KEY=*** "--x="--token=***'],
    [['sh', '-c', 'KEY=a make'], 'sh -c KEY=***'],
  ];
  for (const [words, shown] of ROWS) test(words.join(' ').replace(TOKEN, '<token>'), () => assert.equal(hiding().words(words), shown));

  test('nothing else', () => {
    const plain = ['nx', 'run-many', '-t', 'build', '--parallel=3', '--projects=keyboard,monkey', '--outputStyle=static', 'shop:build:production',
      '--monkey=1', '--author=ada', '--message=it is "done"', '-p', 'notes', '--', '--a=b=c', 'a\\ b', '"', "it's", ''];
    assert.equal(hiding().words(plain), plain.join(' '));
  });

  test('what nx.json names', () => {
    const { words } = hiding(['pinCode', 'p', 'customer.name']);
    assert.equal(words(['--pinCode=1', '--pin-code', '2', '--x.pinCode=3', '-p', '4', '-p=5', '--customer.name=6', '--name=7', '--pin=8']),
      '--pinCode=*** --pin-code *** --x.pinCode=*** -p *** -p=*** --customer.name=*** --name=7 --pin=8');
  });

  test('the same in one text', () => {
    const { line } = hiding();
    assert.equal(line('nx deploy  --token="a b"\t--secret c --x=1'), 'nx deploy  --token=***\t--secret *** --x=1');
    assert.equal(line('nx deploy --token "a'), 'nx deploy --token ***');
  });

  test('the same where a log repeats it, and our own tokens anywhere', () => {
    const { log } = hiding();
    assert.equal(log('\n> nx run shop:deploy --token=abc\r\n\n> node deploy.mjs --token abc\ntoken=abc\n'),
      '\n> nx run shop:deploy --token=***\r\n\n> node deploy.mjs --token ***\ntoken=abc\n');
    assert.equal(log('\x1b[2m> \x1b[22m\x1b[2mdeploy --token=abc\x1b[22m\nred \x1b[31m--token=abc\x1b[39m'),
      '\x1b[2m> deploy --token=***\x1b[0m\nred \x1b[31m--token=abc\x1b[39m');
    assert.equal(log(`\x1b[2m> \x1b[22mbuild\nusing ${TOKEN}.`), '\x1b[2m> \x1b[22mbuild\nusing bkci_***.');
    const began = Date.now();
    for (const part of ['\x1b[2m', '> ', '\x1b[', '> --token ']) log(`> ${part.repeat(40_000)}x\n${part.repeat(40_000)}x`);
    assert.ok(Date.now() - began < 5_000);
  });

  test('nothing by being deep or long', () => {
    const began = Date.now();
    for (const part of ['a', 'a=', '"', '\'"', '\\', '--x="', '--token ']) {
      const shown = hiding().words([`${part.repeat(50_000)}--token=abcdef`]);
      assert.ok(!shown.includes('abcdef'), part);
    }
    assert.ok(Date.now() - began < 5_000);
  });
});

describe('is not recorded', () => {
  let fake: Fake;
  let workspace: Workspace;
  beforeEach(async () => {
    fake = await Fake.start();
    workspace = await Workspace.create({ tasksRunnerOptions: { default: { options: { maskedProperties: ['pin', 7] } } } });
  });
  afterEach(async () => {
    await fake.stop();
    await workspace.remove();
  });
  const sent = () => fake.asked('POST /api/v1/runs').map(({ body }) => String(body)).join('\n');

  test('in a task', () => {
    const task = { id: 'a:b', target: { project: 'a', target: 'b' }, overrides: { __overrides_unparsed__: ['--token=abc', '--pin', '12', '--x=1'] } };
    assert.equal(begun(task, 0, 1, true, [], hiding(['pin'])).params, '--token=*** --pin *** --x=1');
  });

  test('by record', async () => {
    const print = ['record', '--', process.execPath, '-e', 'console.log(process.argv.slice(1).join("+"))', '--'];
    const { code, text } = await workspace.cli(fake, [...print, '--token=abcdef', '--pin', '123456']);
    assert.equal(code, 0, text);
    assert.match(text, /--token=abcdef\+--pin\+123456/, 'the command itself gets it');
    const [start, ...reports] = fake.asked('POST /api/v1/runs').map(({ body }) => String(body));
    assert.match(JSON.parse(start as string).command, / -- --token=\*\*\* --pin \*\*\*$/);
    assert.match(JSON.parse(reports[0] as string).tasks[0].params, / -- --token=\*\*\* --pin \*\*\*$/);
  });

  test('by a run', async () => {
    const { code, text } = await workspace.nx(fake, { args: ['--token=abcdef', '--pin', '123456'] });
    assert.equal(code, 0, text);
    assert.match(JSON.parse(sent().split('\n')[0] as string).command, /--token=\*\*\* --pin \*\*\*$/);
    assert.doesNotMatch(sent(), /abcdef|123456/);
  });
});
