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
    // Headers.
    [['curl', '-H', 'Authorization: Bearer S', 'https://x.example'], 'curl -H Authorization: *** https://x.example'],
    [['curl', '-H', 'Authorization:Bearer S', '-H', 'Accept: */*'], 'curl -H Authorization:*** -H Accept: */*'],
    [['curl', '-HX-Api-Key: S', '--header=PRIVATE-TOKEN: S', '--header', 'Cookie: a=S; b=S'], 'curl -HX-Api-Key: *** --header=PRIVATE-TOKEN: *** --header Cookie: ***'],
    [['sh', '-c', 'curl -H "Authorization: Basic S=" -H \'X-Auth-Token: S\' x && echo done'], 'sh -c curl -H "Authorization: ***" -H \'X-Auth-Token: ***\' x && echo done'],
    [['http', 'POST', 'x.example', 'Authorization:S', 'X-API-Key:S', 'a=b'], 'http POST x.example Authorization:*** X-API-Key:*** a=b'],
    [['curl', '-b', 'session=S', '--cookie', 'a=S', '--oauth2-bearer', 'S'], 'curl -b *** --cookie *** --oauth2-bearer ***'],
    // Users with their passwords.
    [['curl', '-u', 'me:S', 'x'], 'curl -u me:*** x'],
    [['curl', '-ume:S', '--user', 'me:S:S', '--user=me:S', '--proxy-user', 'me:S', '-U', 'me:S'], 'curl -ume:*** --user me:*** --user=me:*** --proxy-user me:*** -U me:***'],
    [['sh', '-c', 'curl -u "me:S S" x'], 'sh -c curl -u "me:***" x'],
    [['curl', '-sSu', 'me:S', 'x'], 'curl -sSu me:*** x'],
    [['smbclient', '-U', 'me%S', '//h/x'], 'smbclient -U me%*** //h/x'],
    [['http', '-a', 'me:S', 'x.example'], 'http -a me:*** x.example'],
    [['sqlcmd', '-Usa', '-PS', '-w', '80'], 'sqlcmd -Usa -P*** -w ***'],
    [['npm', 'config', 'set', '//registry.example/:_authToken', 'S'], 'npm config set //registry.example/:_authToken ***'],
    [['node', '-e', 'const password = "S S"; run(password)'], 'node -e const password = "***"; run(password)'],
    [['curl', '-u', 'me', 'x'], 'curl -u me x'],
    [['mysql', '-uroot', '-pS', 'db'], 'mysql -uroot -p*** db'],
    [['sshpass', '-p', 'S', 'ssh', 'x'], 'sshpass -p *** ssh x'],
    [['docker', 'login', '-u', 'me', '-p', 'S', 'x.example'], 'docker login -u me -p *** x.example'],
    [['redis-cli', '-a', 'S', 'ping'], 'redis-cli -a *** ping'],
    [['openssl', 'enc', '-k', 'x', '-passin', 'pass:S'], 'openssl enc -k x -passin pass:***'],
    // Addresses.
    [['git', 'clone', 'https://S@github.com/a/b', 'ssh://git@github.com/a', 'https://x:S@S@h/p'], 'git clone https://***@github.com/a/b ssh://git@github.com/a https://x:***@h/p'],
    [['psql', 'postgres://me:S/S@db:5432/x', 'redis://:S@r', 'http://localhost:3000/a@b'], 'psql postgres://me:***@db:5432/x redis://:***@r http://localhost:3000/a@b'],
    [['curl', 'https://x.example/?a=1&access_token=S&b=2&X-Amz-Signature=S'], 'curl https://x.example/?a=1&access_token=***'],
    // Members of objects.
    [['curl', '-d', '{"user":"me","password":"S"}'], 'curl -d {"user":"me","password":"***"}'],
    [['curl', '--data', '{"a":1, "apiKey" : "S \\" S", "token": 123, "b": {"clientSecret":"S"}}'], 'curl --data {"a":1, "apiKey" : "***", "token": ***, "b": {"clientSecret":"***"}}'],
    [['sh', '-c', 'curl -d "{\\"password\\":\\"S\\",\\"a\\":1}" x'], 'sh -c curl -d "{\\"password\\":\\"***\\",\\"a\\":1}" x'],
    [['node', '-e', "f({password: 'S', token:S})"], "node -e f({password: '***', token:***})"],
    [['deploy', '--json', '{"secrets":["S","S"]}'], 'deploy --json {"secrets":***'],
    [['x', 'password: S', 'apiKey:S'], 'x password: *** apiKey:***'],
    [['vault', 'login', 'S'], 'vault login ***'],
    // What others call them.
    [['MYSQL_PASS=S', 'DB_PWD=S', 'GITHUB_PAT=S', 'SENTRY_DSN=S', 'JWT=S', '/p:Password=S', '--token:S', '-DapiKey=S'], 'MYSQL_PASS=*** DB_PWD=*** GITHUB_PAT=*** SENTRY_DSN=*** JWT=*** /p:Password=*** --token:*** -DapiKey=***'],
    [['x', '-----BEGIN RSA PRIVATE KEY-----\nS\nS\n-----END RSA PRIVATE KEY-----', 'y'], 'x -----BEGIN RSA PRIVATE KEY-----*** y'],
  ];
  for (const [words, shown] of ROWS) test(words.join(' ').replace(TOKEN, '<token>'), () => assert.equal(hiding().words(words), shown));

  const TOKENS = [
    'ghp_0123456789abcdefghijABCDEFGHIJ012345', 'gho_0123456789abcdefghijABCDEFGHIJ012345', 'github_pat_11ABCDEFG0123456789_abcdefghijklmnop', 'glpat-0123456789abcdefghij', 'glrt-0123456789abcdefghij',
    'AKIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE', ['xoxb', '123456789012', 'abcdefghijABCDEFGHIJ'].join('-'), 'npm_0123456789abcdefghijABCDEFGHIJ012345',
    'pypi-AgEIcHlwaS5vcmcCJDAxMjM', 'dckr_pat_0123456789abcdefghij', ['sk', 'live', '0123456789abcdefghij'].join('_'), 'sk-proj-0123456789abcdefghij', 'hf_0123456789abcdefghijABCDEFGHIJ',
    'AIzaSyA0123456789abcdefghijABCDEFGHIJ01', 'ya29.a0AfH6SMB0123456789abcdef', 'dop_v1_0123456789abcdef0123456789abcdef', 'SG.0123456789abcdefghij.0123456789abcdefghij',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U', 'hvs.CAESIJ0123456789abcdefgh', 'glsa_0123456789abcdefghijABCDEFGHIJ01',
    ['https://hooks.slack.com/services', 'T00000000', 'B00000000', 'XXXXXXXXXXXXXXXXXXXXXXXX'].join('/'), TOKEN,
  ];
  for (const token of TOKENS) {
    test(`a token by its look: ${token.slice(0, 8)}…`, () => {
      for (const text of [`deploy ${token}`, `deploy --to=${token}`, `deploy "${token}"`, `deploy ${token}, please.`, `a(${token})`]) {
        const shown = hiding().line(text);
        assert.ok(!shown.includes(token.slice(-8)) && shown.includes('***'), shown);
      }
      assert.ok(!hiding().log(`it said ${token}.`).includes(token.slice(-8)));
    });
  }

  test('nothing of what only looks like a secret', () => {
    const plain = ['nx', 'run', 'auth:build', 'cookie:serve:production', 'nx', 'test', '--passWithNoTests', 'app', 'docker', 'run', '-p', '8080:80', '-v', 'a:b', 'x', 'note: it works',
      'https://example.com:8080/a', 'sha256:0123', '--url=http://localhost:4200', 'eyJhbGci', 'npm_config_registry', 'AKIA', 'skip-nx-cache', '{"name":"shop","port":4200}', 'a@b.example', '--user', 'ada', 'http', 'a/b:c'];
    assert.equal(hiding().words(plain), plain.join(' '));
  });

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
    assert.equal(log('$ curl -H "Authorization: Bearer S" x\n> curl -u me:S x\n> x -d \'{"password":"S"}\'\npassword: S\n$5 for the key: S\n'),
      '$ curl -H "Authorization: ***" x\n> curl -u me:*** x\n> x -d \'{"password":"***"}\'\npassword: S\n$5 for the key: S\n');
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIE\n';
    assert.equal(log(`${pem}-----END PRIVATE KEY-----\nand ${pem}`), `-----BEGIN PRIVATE KEY-----***\nand ${pem}`);
    assert.equal(log(`\x1b[2m> \x1b[22mbuild\nusing ${TOKEN}.`), '\x1b[2m> \x1b[22mbuild\nusing bkci_***.');
    const began = Date.now();
    for (const part of ['\x1b[2m', '> ', '\x1b[', '> --token ']) log(`> ${part.repeat(40_000)}x\n${part.repeat(40_000)}x`);
    assert.ok(Date.now() - began < 5_000);
  });

  test('nothing by being deep or long', () => {
    const began = Date.now();
    for (const part of ['a', 'a=', '"', '\'"', '\\', '--x="', '--token ', 'a://b:', '{ ', '{a: ', '"key":', '-----BEGIN PRIVATE KEY-----', 'eyJ', '-u a:', '-H a:', ' ', '\n']) {
      const shown = hiding().words([`${part.repeat(50_000)}--token=abcdef`]);
      assert.ok(!shown.includes('abcdef'), part);
      hiding().log(`> ${part.repeat(50_000)}\n${part.repeat(50_000)}`);
    }
    assert.ok(Date.now() - began < 20_000);
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
