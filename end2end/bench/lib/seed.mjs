// Fills a database with members, artifacts, audit events and runs by SQL: rows that differ from a real one in nothing but their keys.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const BATCH = 1000;

/** How to talk to each database, and how it writes an id and a moment. */
export const DIALECTS = {
  sqlite: { program: (place) => ['sqlite3', ['-bail', '-cmd', '.timeout 15000', place]], id: (hex) => `X'${hex}'`, time: (text) => `'${text}'`, bytes: (hex) => `X'${hex}'` },
  postgres: { program: (place) => ['psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', place]], id: (hex) => `'${hex}'::uuid`, time: (text) => `'${text}'::timestamptz`, bytes: (hex) => `'\\x${hex}'::bytea` },
};

/** Runs SQL pieces in one go; answers what the database printed. */
export async function execute(dialect, place, pieces) {
  const [program, args] = dialect.program(place);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let text = '';
  child.stdout.on('data', (part) => { text += part; });
  child.stdin.on('error', () => {});
  for (const piece of pieces) if (!child.stdin.write(piece)) await Promise.race([once(child.stdin, 'drain'), ended]);
  child.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`${program} could not fill the database: do the tables in seed.mjs still match the migrations?`);
  return text;
}

/** An id like those of the server, which start with the time: the n-th of a kind. */
const idHex = (kind, n) => `019a${kind.toString(16).padStart(4, '0')}00007000${(0x8000_0000_0000_0000n + BigInt(n)).toString(16)}`;

/** The same id as the server writes it: in Crockford base 32. */
const idText = (prefix, hex) => {
  const bits = BigInt(`0x${hex}`);
  return `${prefix}_${Array.from({ length: 26 }, (_, i) => '0123456789abcdefghjkmnpqrstvwxyz'[Number((bits >> BigInt(5 * (25 - i))) & 31n)]).join('')}`;
};

/** The other way round. */
function hexOf(text) {
  const bits = [...text.slice(text.indexOf('_') + 1)].reduce((sum, digit) => (sum << 5n) | BigInt('0123456789abcdefghjkmnpqrstvwxyz'.indexOf(digit)), 0n);
  return bits.toString(16).padStart(32, '0');
}

function* batches(count, pattern, insert) {
  // The row to copy is looked up once, not for every batch.
  yield `${pattern}\nBEGIN;\n`;
  for (let from = 0; from < count; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
    yield insert(numbers);
  }
  yield 'COMMIT;\n';
}

/** People in an organization, so many that with its Admin there are `count`. */
export function* members(dialect, kind, slug, count) {
  const pattern = `CREATE TEMPORARY TABLE pattern AS SELECT m.*, u.email_confirmed_at, u.created_at FROM members m
    JOIN orgs o ON o.id = m.org_id JOIN users u ON u.id = m.user_id WHERE o.slug = '${slug}' AND m.role = 'admin';`;
  yield* batches(count - 1, pattern, (numbers) => {
    const rows = numbers.map((n) => `(${dialect.id(idHex(kind, n))}, 'person-${kind}-${n}@example.com', 'Person ${n}')`).join(',\n');
    return `INSERT INTO users (id, email, name, password_hash, email_confirmed_at, created_at)
      SELECT v.column1, v.column2, v.column3, NULL, t.email_confirmed_at, t.created_at
      FROM (VALUES ${rows}) v, pattern t;
      INSERT INTO members (org_id, user_id, role, joined_by, joined_at)
      SELECT t.org_id, v.column1, 'member', t.joined_by, t.joined_at
      FROM (VALUES ${rows}) v, pattern t;\n`;
  });
}

/** Open invites of an organization, so many that with the one that is there already there are `count`. */
export function* invites(dialect, kind, slug, count) {
  const pattern = `CREATE TEMPORARY TABLE pattern AS SELECT i.* FROM invites i JOIN orgs o ON o.id = i.org_id WHERE o.slug = '${slug}';`;
  yield* batches(count - 1, pattern, (numbers) => {
    const rows = numbers.map((n) => `(${dialect.id(idHex(kind, n))}, 'invited-${kind}-${n}@example.com')`).join(',\n');
    return `INSERT INTO invites (id, org_id, email, role, invited_by, created_at, sent_at, sends, expires_at)
      SELECT v.column1, t.org_id, v.column2, t.role, t.invited_by, t.created_at, t.sent_at, t.sends, t.expires_at
      FROM (VALUES ${rows}) v, pattern t;\n`;
  });
}

/** Artifacts in the one workspace of an organization, so many that with the one that is there already there are `count`. */
export function* artifacts(dialect, kind, slug, count) {
  const workspace = `(SELECT w.id FROM workspaces w JOIN orgs o ON o.id = w.org_id WHERE o.slug = '${slug}')`;
  const pattern = `CREATE TEMPORARY TABLE pattern AS SELECT * FROM artifacts WHERE workspace_id = ${workspace} AND hash = '${FIRST_HASH}';`;
  yield* batches(count - 1, pattern, (numbers) => {
    const rows = numbers.map((n) => `(${dialect.id(idHex(kind, n))}, '${hashOf(n)}', 'bench-${kind}-${n}')`).join(',\n');
    return `INSERT INTO artifacts (id, workspace_id, scope, hash, blob, bytes, created_by, created_at, last_read_at, last_used_at, hits)
      SELECT v.column1, t.workspace_id, t.scope, v.column2, v.column3, t.bytes, t.created_by, t.created_at, t.last_read_at, t.last_used_at, t.hits
      FROM (VALUES ${rows}) v, pattern t;\n`;
  });
  yield `UPDATE workspaces SET artifact_count = ${count},
    artifact_bytes = (SELECT sum(bytes) FROM artifacts WHERE workspace_id = workspaces.id) WHERE id = ${workspace};\n`;
}

/** Audit events of an organization, a second apart, by so many `people` in turn, so many that with the one of its creation there are `count`. */
export function* events(dialect, kind, slug, count, people) {
  const pattern = `CREATE TEMPORARY TABLE pattern AS SELECT e.* FROM audit_events e
    JOIN orgs o ON o.id = e.org_id WHERE o.slug = '${slug}' AND e.object_kind = 'org' AND e.action = 'created';`;
  const began = Date.now() - count * 1000;
  const at = (n) => new Date(began + n * 1000).toISOString().replace('Z', '123+00:00');
  yield* batches(count - 1, pattern, (numbers) => {
    const actor = (n) => n % (people - 1);
    const rows = numbers.map((n) => `(${dialect.id(idHex(kind, n))}, ${n + 1_000_000}, ${dialect.time(at(n))}, '${idText('usr', idHex(kind, actor(n)))}', 'Person ${actor(n)}')`).join(',\n');
    return `INSERT INTO audit_events (id, org_id, actor_kind, actor_id, actor_name, action, object_kind, object_id, object_name, details,
      address, incident, at, seq)
      SELECT v.column1, t.org_id, 'user', v.column4, v.column5, t.action, t.object_kind, t.object_id, t.object_name, t.details,
      t.address, t.incident, v.column3, v.column2
      FROM (VALUES ${rows}) v, pattern t;\n`;
  });
}

/** Ended runs of a workspace, older than all that were recorded, so many that with one that was there are `count`. */
export function* runs(dialect, kind, workspace, count) {
  const id = `(SELECT id FROM workspaces WHERE id = ${dialect.id(hexOf(workspace))})`;
  const pattern = `CREATE TEMPORARY TABLE pattern AS SELECT * FROM runs WHERE workspace_id = ${id} LIMIT 1;`;
  const columns = ['sealed', 'author_index', 'command_index', 'pull_request', 'ci', '"inner"', 'cache', 'encrypted', 'credential',
    'credential_id', 'access', 'status', 'started_at', 'ended_at', 'skew_ms', 'created_at', 'heard_at', 'closed_at', 'announced', 'succeeded', 'remote_hits', 'misses'];
  yield* batches(count - 1, pattern, (numbers) => {
    // Every other run is of the branch that people look at.
    const rows = numbers.map((n) => `(${dialect.id(idHex(kind, n))}, ${dialect.bytes(n.toString(16).padStart(64, '0'))}, ${dialect.bytes((n % 2 ? n % 1000 : 0).toString(16).padStart(32, '0'))})`).join(',\n');
    return `INSERT INTO runs (id, org_id, workspace_id, key_hash, branch_index, ${columns.join(', ')})
      SELECT v.column1, t.org_id, t.workspace_id, v.column2, CASE WHEN v.column3 = ${dialect.bytes('0'.repeat(32))} THEN t.branch_index ELSE v.column3 END,
      ${columns.map((column) => `t.${column}`).join(', ')}
      FROM (VALUES ${rows}) v, pattern t;\n`;
  });
}

/** What so many runs a day leave behind in the statistics of the days before the recorded one: times spread the wider, the more there are. */
export function* days(dialect, workspace, count, perDay) {
  const id = dialect.id(hexOf(workspace));
  const spread = Math.max(1, Math.round(4 * Math.log10(perDay)));
  const buckets = Array.from({ length: spread }, (_, n) => `(${n})`).join(', ');
  const sums = ['runs', 'tasks', 'executed', 'failed', 'stopped', 'local_hits', 'remote_hits', 'misses', 'time_ms', 'saved_ms'];
  yield `CREATE TEMPORARY TABLE days_of AS SELECT * FROM stat_days WHERE workspace_id = ${id};
    CREATE TEMPORARY TABLE times_of AS SELECT workspace_id, kind, subject, min(bucket) AS bucket FROM stat_times WHERE workspace_id = ${id} GROUP BY 1, 2, 3;
    BEGIN;\n`;
  for (let ago = 1; ago < count; ago += 1) {
    const day = `'${new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10)}'`;
    yield `INSERT INTO stat_days (workspace_id, kind, subject, day, ${sums.join(', ')})
      SELECT workspace_id, kind, subject, ${day}, ${sums.map((sum) => `${sum} * ${Math.round(perDay / 60)}`).join(', ')} FROM days_of;
      INSERT INTO stat_times (workspace_id, kind, subject, day, bucket, amount)
      SELECT workspace_id, kind, subject, ${day}, bucket + v.column1, ${Math.round(perDay)} FROM times_of, (VALUES ${buckets}) v;\n`;
  }
  yield 'COMMIT;\n';
}

/** The hash of the artifact that is stored over HTTP, and copied from then on. */
export const FIRST_HASH = '1';
// Spread over the whole range, as real hashes are.
const hashOf = (n) => String((BigInt(n + 2) * 11400714819323198485n) % 2n ** 64n);

/** Fills the tables, and checks that the rows are there. */
export async function fill(dialect, place, pieces, table, count) {
  const before = Number(await execute(dialect, place, [`SELECT count(*) FROM ${table};\n`]));
  await execute(dialect, place, pieces);
  const after = Number(await execute(dialect, place, [`SELECT count(*) FROM ${table};\n`]));
  if (after - before !== count - 1) throw new Error(`${after - before} rows were added to ${table} instead of ${count - 1}.`);
}

/** Brings the planner's statistics up to date, as a server in use has them. */
export const settle = (dialect, place) => execute(dialect, place, ['ANALYZE;\n']);
