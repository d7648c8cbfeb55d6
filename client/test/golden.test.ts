// The golden rule: whatever the server does, the command ends as it would without one, and one line says why.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packInto } from '../src/archive.ts';
import { Workspace } from './support/command.ts';
import { Fake, type Fault } from './support/server.ts';
import { evil } from './support/evil.ts';

const answer = (status: number, body: string, headers: Record<string, string> = {}): Fault => (_, response) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
const never: Fault = () => true;
const cut: Fault = (_, response) => void response.destroy();
const drip: Fault = (_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
};
const half: Fault = (_, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"artifacts":');
  setTimeout(() => response.destroy(), 50);
};
const problem = (code: string, message: string) => JSON.stringify({ code, message });

/** What the server does to every request of the API; what is said; for how many seconds at most. */
const EVERYWHERE: [string, Fault, RegExp, number?][] = [
  ['cuts every connection', cut, /cannot be used: the connection was cut/],
  ['never answers', never, /did not answer in time/, 30],
  ['answers byte by byte, without an end', drip, /did not answer in time/, 30],
  ['cuts in the middle of an answer', half, /the connection was cut/],
  ['answers 500', answer(500, 'oops'), /it answered 500/],
  ['answers 503 and asks for an hour', answer(503, problem('unavailable', 'The server is being moved.'), { 'retry-after': '3600' }), /The server is being moved/],
  ['answers 429', answer(429, problem('rate_limited', 'Too many requests.'), { 'retry-after': '0' }), /Too many requests/],
  ['answers 404 in HTML', answer(404, '<html>not here</html>'), /it answered 404/],
  ['answers HTML', answer(200, '<html>Sign in to the airport</html>'), /does not answer as Buildkeep does/],
  ['answers null', answer(200, 'null'), /does not answer as Buildkeep does/],
  ['answers nothing', answer(204, ''), /does not answer as Buildkeep does/],
  ['answers an array', answer(200, '[]'), /does not answer as Buildkeep does/],
  ['answers wrong types', answer(200, '{"artifacts":{"1000":7},"store":{},"most_bytes":"many","whoami":[],"run":"run"}'), /does not answer as Buildkeep does/],
  ['poisons prototypes', answer(200, '{"__proto__":{"store":"shared"},"artifacts":{"__proto__":{"bytes":1}},"most_bytes":1}'), /does not answer as Buildkeep does/],
  ['redirects elsewhere', answer(302, '', { location: 'http://127.0.0.1:9/elsewhere' }), /points to another address/],
  ['refuses a revoked token', answer(401, problem('bad_token', 'This token is unknown, expired or revoked.')), /This token is unknown, expired or revoked/],
  ['gives no access', answer(403, problem('no_access', 'The ID access level of this workspace is none: run nx login.')), /run nx login/],
  ['sends terminal escapes', answer(403, JSON.stringify({ code: 'no_access', message: '\u001b[2J\u001b]0;pwned\u0007evil\r\nline' })), /evil line/],
];

describe('whatever every request meets', { concurrency: 6 }, () => {
  for (const [name, fault, words, seconds = 12] of EVERYWHERE) {
    for (const v1 of name.includes('500') ? [false, true] : [false]) {
      test(`a server that ${name}${v1 ? ' (nx 17 to 19)' : ''}`, async () => {
        const fake = await Fake.start();
        fake.faults.set('', (request, response, seen) => fault(request, response, seen) ?? true);
        const workspace = await Workspace.create();
        try {
          const ended = await workspace.nx(fake, { env: v1 ? { V1: '1' } : {} });
          assert.equal(ended.code, 0, ended.text);
          assert.deepEqual(ended.results, { 'p0:build': 'success', 'p1:build': 'success', 'p2:build': 'success' });
          assert.equal(await workspace.output(2), 'result of p2:build');
          assert.match(ended.said.join('\n'), words, ended.text);
          assert.equal(ended.said.filter((line) => line.includes('no remote cache')).length, 1, ended.text);
          assert.ok(ended.said.length <= 2, ended.text);
          // eslint-disable-next-line no-control-regex
          assert.doesNotMatch(ended.text, /\u001b|\u0007|\r/);
          assert.doesNotMatch(ended.text, /0123456789012345678901234567890/);
          assert.ok(ended.seconds < seconds, `${ended.seconds} s`);
        } finally {
          await fake.stop();
          await workspace.remove();
        }
      });
    }
  }
});

describe('servers that are not there', { concurrency: 6 }, () => {
  const NOWHERE: [string, string, RegExp][] = [
    ['a port without a server', 'http://127.0.0.1:9', /the connection was refused/],
    ['a name that does not exist', 'http://buildkeep.invalid', /name (is unknown|could not be looked up)/],
    ['words', 'my server', /is not an address/],
    ['another protocol', 'ftp://example.com', /is not an address/],
  ];
  for (const [name, url, words] of NOWHERE) {
    test(name, async () => {
      const workspace = await Workspace.create();
      try {
        const ended = await workspace.nx(url);
        assert.equal(ended.code, 0, ended.text);
        assert.match(ended.said.join('\n'), words);
        assert.equal(await workspace.output(0), 'result of p0:build');
      } finally {
        await workspace.remove();
      }
    });
  }
});

/** What an artifact is like. The look-up knows it in all cases. */
const DOWNLOADS: [string, (fake: Fake) => void, RegExp | undefined, string][] = [
  ['is cut off', (fake) => fake.faults.set('GET /api/v1/artifacts', (_, response) => {
    response.writeHead(200, { 'content-length': '5000' });
    response.write('x'.repeat(100));
    setTimeout(() => response.destroy(), 20);
  }), /could not be fetched/, 'unreachable'],
  ['never comes', (fake) => fake.faults.set('GET /api/v1/artifacts', never), /did not answer in time|stopped answering/, 'unreachable'],
  ['answers 500', (fake) => fake.faults.set('GET /api/v1/artifacts', answer(500, '')), /it answered 500/, 'unreachable'],
  ['is gone', (fake) => fake.faults.set('GET /api/v1/artifacts', answer(404, problem('not_found', 'Gone.'))), undefined, 'no_entry'],
  ['is longer than said', (fake) => fake.artifacts.forEach((one) => { one.says = { bytes: 20 }; }), /damaged or altered/, 'damaged'],
  ['is shorter than said', (fake) => fake.artifacts.forEach((one) => { one.says = { bytes: 1e6 }; }), /could not be fetched/, 'unreachable'],
  ['has another digest', (fake) => fake.artifacts.forEach((one) => { one.says = { sha256: '0'.repeat(64) }; }), /damaged or altered/, 'damaged'],
  ['is no gzip', (fake) => replace(fake, Buffer.from('garbage '.repeat(50))), /damaged or altered/, 'damaged'],
  ['is no tar', (fake) => replace(fake, gzipSync(Buffer.alloc(5000, 7))), /damaged or altered/, 'damaged'],
  ['is empty', (fake) => replace(fake, Buffer.alloc(0)), /damaged or altered/, 'damaged'],
  ['is redirected', (fake) => fake.faults.set('GET /api/v1/artifacts', answer(307, '', { location: 'http://127.0.0.1:9/' })), /points to another address/, 'unreachable'],
];
function replace(fake: Fake, bytes: Buffer): void {
  for (const hash of fake.artifacts.keys()) fake.artifacts.set(hash, { bytes, format: 'tar' });
}

const lastTasks = (fake: Fake) => {
  const run = [...fake.runs.values()].at(-1);
  return new Map<string, any>(run?.reports.flatMap(({ tasks }: any) => tasks).map((task: any) => [task.id, task]));
};

describe('whatever an artifact is like', { concurrency: 6 }, () => {
  for (const [name, spoil, words, miss] of DOWNLOADS) {
    for (const v1 of [false, true]) {
      test(`an artifact that ${name}${v1 ? ' (nx 17 to 19)' : ''}`, async () => {
        const fake = await Fake.start();
        const workspace = await Workspace.create();
        const env: Record<string, string> = v1 ? { V1: '1' } : {};
        try {
          assert.equal((await workspace.nx(fake, { tasks: 1, env })).code, 0);
          await workspace.forget();
          spoil(fake);
          const ended = await workspace.nx(fake, { tasks: 1, env });
          assert.equal(ended.code, 0, ended.text);
          assert.deepEqual(ended.results, { 'p0:build': 'success' }, ended.text);
          assert.equal(await workspace.output(0), 'result of p0:build');
          if (words) assert.match(ended.said.join('\n'), words);
          else assert.doesNotMatch(ended.said.join('\n'), /not/);
          assert.equal(lastTasks(fake).get('p0:build')?.miss, miss);
        } finally {
          await fake.stop();
          await workspace.remove();
        }
      });
    }
  }

  for (const [name, archive] of Object.entries(evil)) {
    test(`an archive with ${name}`, async () => {
      const fake = await Fake.start();
      const workspace = await Workspace.create();
      try {
        fake.artifacts.set('1000', { bytes: gzipSync(await archive(workspace.folder)), format: 'tar' });
        const ended = await workspace.nx(fake, { tasks: 1 });
        assert.equal(ended.code, 0, ended.text);
        assert.deepEqual(ended.results, { 'p0:build': 'success' }, ended.text);
        assert.match(ended.said.join('\n'), /damaged or altered/);
        assert.equal(await workspace.output(0), 'result of p0:build');
        assert.match(await (await import('node:fs/promises')).readFile(`${workspace.folder}/nx.json`, 'utf8'), /nxCloudId/);
      } finally {
        await fake.stop();
        await workspace.remove();
      }
    });
  }
});

const UPLOADS: [string, (fake: Fake) => void, RegExp, number][] = [
  ['are cut', (fake) => fake.faults.set('PUT', cut), /could not be stored.*cut/, 3],
  ['are refused with 500', (fake) => fake.faults.set('PUT', answer(500, '')), /could not be stored.*500/, 3],
  ['are never answered', (fake) => fake.faults.set('PUT', never), /could not be stored.*(stopped answering|in time)/, 3],
  ['are too large', (fake) => { fake.mostBytes = 10; }, /larger than the 10 B/, 0],
  ['are too large for a proxy', (fake) => fake.faults.set('PUT', answer(413, '<html>')), /in front of the server/, 3],
  ['meet a limit of the plan', (fake) => { fake.store = 'over_limit'; }, /limit of its plan/, 0],
  ['meet a limit of the plan at once', (fake) => fake.faults.set('PUT', answer(403, problem('over_limit', 'The storage is full.'))), /storage is full/, 0],
];

describe('whatever uploads meet', { concurrency: 6 }, () => {
  for (const [name, spoil, words, lost] of UPLOADS) {
    test(`uploads that ${name}`, async () => {
      const fake = await Fake.start();
      const workspace = await Workspace.create();
      try {
        spoil(fake);
        const ended = await workspace.nx(fake);
        assert.equal(ended.code, 0, ended.text);
        assert.match(ended.said.join('\n'), words);
        assert.equal([...fake.runs.values()][0]?.end.lost_uploads, lost, ended.text);
        assert.equal(fake.artifacts.size, 0);
      } finally {
        await fake.stop();
        await workspace.remove();
      }
    });
  }

  test('a read-only credential packs and sends nothing', async () => {
    const fake = await Fake.start();
    fake.store = 'read_only';
    fake.access = { shared: 'read', execution: false, records_runs: true };
    const workspace = await Workspace.create();
    try {
      const ended = await workspace.nx(fake);
      assert.equal(ended.code, 0);
      assert.equal(fake.asked('PUT').length, 0);
      assert.match(ended.said.join('\n'), /reads the shared cache/);
      assert.equal([...fake.runs.values()][0]?.end.lost_uploads, 0);
    } finally {
      await fake.stop();
      await workspace.remove();
    }
  });
});

test('a token never follows to another address', async () => {
  const [fake, other] = [await Fake.start(), await Fake.start()];
  const workspace = await Workspace.create();
  try {
    fake.faults.set('', (request, response) => {
      response.writeHead(307, { location: `${other.url}${request.url ?? ''}` }).end();
    });
    assert.equal((await workspace.nx(fake)).code, 0);
    assert.equal(other.seen.length, 0);
  } finally {
    await fake.stop();
    await other.stop();
    await workspace.remove();
  }
});

test('only the run fails: the cache works on', async () => {
  const fake = await Fake.start();
  fake.faults.set('POST /api/v1/runs', answer(500, ''));
  const workspace = await Workspace.create();
  try {
    const ended = await workspace.nx(fake);
    assert.equal(ended.code, 0);
    assert.equal(fake.artifacts.size, 3);
    assert.match(ended.said.join('\n'), /not recorded.*500/);
  } finally {
    await fake.stop();
    await workspace.remove();
  }
});

test('misses cost no request', async () => {
  const fake = await Fake.start();
  fake.store = 'read_only';
  const workspace = await Workspace.create();
  try {
    assert.equal((await workspace.nx(fake, { tasks: 1500 })).code, 0);
    assert.equal(fake.asked('POST /api/v1/artifacts/lookup').length, 2);
    assert.equal(fake.asked('GET /api/v1/artifacts').length, 0);
  } finally {
    await fake.stop();
    await workspace.remove();
  }
});

describe('failures', () => {
  let fake: Fake;
  let workspace: Workspace;
  const tasksOf = () => [...fake.runs.values()].at(-1)!.reports.flatMap((report: any) => report.tasks);
  beforeEach(async () => {
    fake = await Fake.start();
    workspace = await Workspace.create();
  });
  afterEach(async () => {
    await fake.stop();
    await workspace.remove();
  });
  const FAILURES = { NX_CACHE_FAILURES: 'true' };
  test('are not shared, and a later success is', async () => {
    const failed = await workspace.nx(fake, { env: { ...FAILURES, CODE: '1' } });
    assert.equal(failed.results?.['p0:build'], 'failure', failed.text);
    assert.deepEqual([...fake.artifacts.keys()].sort(), ['1001', '1002']);
    assert.equal([...fake.runs.values()][0]?.end.lost_uploads, 0);
    await workspace.forget();
    const second = await workspace.nx(fake, { env: FAILURES });
    assert.equal(second.results?.['p0:build'], 'success', second.text);
    assert.ok(fake.artifacts.has('1000'));
  });
  for (const env of [{}, { V1: '1' }] as Record<string, string>[]) {
    test(`that lie on a server are run${'V1' in env ? ' (nx 17 to 19)' : ''}`, async () => {
      const parts: Buffer[] = [];
      await packInto({ folder: '/nowhere', terminalOutput: 'broke', code: 1 }, new Writable({ write: (part: Buffer, _, done) => { parts.push(part); done(); } }));
      fake.artifacts.set('1000', { bytes: Buffer.concat(parts), format: 'tar' });
      const { results, said } = await workspace.nx(fake, { tasks: 1, env: { ...FAILURES, ...env } });
      assert.deepEqual(results, { 'p0:build': 'success' });
      assert.doesNotMatch(said.join('\n'), /damaged/);
      assert.equal(tasksOf().find(({ miss }: any) => miss)?.miss, 'no_entry');
    });
  }
});
