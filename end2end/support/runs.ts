// A client that tells of a run, as Buildkeep's own does.
import { randomBytes } from 'node:crypto';

export interface Task {
  id: string;
  status?: 'running' | 'success' | 'failure' | 'skipped' | 'stopped';
  cache?: 'local_hit' | 'local_kept' | 'remote_hit' | 'miss';
  /** Seconds after the start of the run: from, to. */
  span?: [number, number];
  [more: string]: unknown;
}

export class Run {
  private readonly key = randomBytes(32).toString('hex');
  private readonly began: number;
  id = '';
  /** What a client prints. */
  link = '';

  constructor(private readonly url: string, private readonly token: string, agoSeconds = 60) {
    this.began = Date.now() - agoSeconds * 1000;
  }

  private async post(path: string, body: unknown) {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json', 'buildkeep-run-key': this.key };
    const answer = await fetch(`${this.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: status ${answer.status}: ${await answer.text()}`);
    return answer;
  }

  private at = (seconds: number) => new Date(this.began + seconds * 1000).toISOString();

  async start(more: Record<string, unknown> = {}): Promise<this> {
    const answer = await this.post('/api/v1/runs', {
      key: this.key, command: 'nx run-many -t build test', started_at: this.at(0), branch: 'main',
      commit: { sha: '1a2b3c4d5e6f', title: 'Sell umbrellas too', author: 'Grace Hopper' },
      nx_version: '24.0.6', client_version: '2026.11.1', node_version: '22.11.0',
      machine: { id: 'f00dcafe', platform: 'linux', cpu_cores: 8 }, cache: true, tasks: 4, ...more,
    });
    const { run } = await answer.json() as { run: { id: string; url: string } };
    this.id = run.id;
    this.link = new URL(run.url).pathname;
    return this;
  }

  async report(tasks: Task[], logs: Record<number, string> = {}) {
    await this.post(`/api/v1/runs/${this.id}/report`, {
      tasks: tasks.map(({ span, ...task }, number) => {
        const [project, target] = task.id.split(':');
        const status = task.status ?? 'success';
        const times = span ? { started_at: this.at(span[0]), ...(status === 'running' ? {} : { ended_at: this.at(span[1]) }) } : {};
        const code = status === 'success' ? { code: 0 } : status === 'failure' ? { code: 1 } : {};
        return { number, attempt: 1, project, target, cacheable: true, status, ...times, ...code, ...task };
      }),
      logs: Object.entries(logs).map(([task, text]) => ({ task: Number(task), attempt: 1, piece: 0, text })),
    });
  }

  async end(status: 'success' | 'failure' | 'cancelled', seconds = 50) {
    await this.post(`/api/v1/runs/${this.id}/end`, { ended_at: this.at(seconds), status });
  }
}

export const FAILED_LOG = [
  '> nx run shop:test', '', '\u001b[32m ✓ sells umbrellas\u001b[39m', '\u001b[31m ✗ takes money\u001b[39m',
  '\u001b[1m\u001b[31mError: \u001b[39m\u001b[22mexpected 3, got <script>alert(1)</script>',
  ...Array.from({ length: 40 }, (_, n) => `   at step ${n} (/home/ada/shop/src/till.ts:${n}:7)`), '\u001b[7m FAIL \u001b[27m shop', '',
].join('\n');

/** Runs of every kind: one that failed, one from the cache, two of one CI execution, one that goes on; the first one. */
export async function fillRuns(url: string, token: string): Promise<Run> {
  const hashes = (value: string) => ({ hash: `1234567890${value}`, hash_details: { AllExternalDependencies: '77', 'shop:{projectRoot}/**/*': value, command: 'build' } });
  const before = await new Run(url, token, 7200).start();
  await before.report([{ id: 'shop:build', cache: 'miss', miss: 'no_entry', stored: 'shared', span: [0, 30], ...hashes('1') }, { id: 'shop:test', cache: 'miss', span: [30, 44], hash: '99' }]);
  await before.end('success', 45);
  for (const command of ['nx affected -t lint', 'nx affected -t e2e']) {
    const of = await new Run(url, token, 600).start({
      command, branch: 'a-rather-long-name-of-a-branch/with-parts-and-more-of-them', pull_request: '4711',
      ci: { provider: 'github', execution_id: '8190742-1', execution_env: 'linux', url: 'https://ci.example.com/runs/8190742' },
    });
    await of.report([{ id: 'shop:lint', cache: 'remote_hit', span: [0, 1] }, { id: 'till:lint', cache: 'local_hit', span: [0, 1] }]);
    await of.end('success', 5);
  }
  const failed = await new Run(url, token).start();
  await failed.report([
    { id: 'till:build', cache: 'remote_hit', span: [0, 1] },
    { id: 'shop:build', cache: 'miss', miss: 'no_entry', span: [1, 30], depends_on: [0], ...hashes('2') },
    { id: 'shop:test', cache: 'miss', miss: 'not_cacheable', cacheable: false, status: 'failure', span: [30, 48], depends_on: [1], hash: '99' },
    { id: 'a-project-with-a-long-name-that-goes-on:target-with-a-long-name:and-a-configuration', status: 'skipped' },
  ], { 1: 'built\n', 2: FAILED_LOG });
  await failed.end('failure');
  return failed;
}
