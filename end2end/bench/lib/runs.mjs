// Recorded runs: pages with very many of them against a tenth, and how many are taken in a minute while people look at pages.
import { mkdir, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { Server } from '../../nx/lib/server.mjs';
import { PORTS } from './contenders.mjs';
import { Recorder, TASKS } from './recorded.mjs';
import { DIALECTS, days, execute, fill, runs, settle } from './seed.mjs';
import { median } from './transfers.mjs';
import { account, compare, load, org, signIn } from './visitor.mjs';

// Names are sealed and bound to their run, so those on the first page are recorded; the others, behind them, are copies.
const RECORDED = 60;
const KNOWN_TASKS = 1000;
const DAYS = 90;
const RECORDERS = 8;
const SECONDS = 20;

/** Two organizations that differ only in how many runs they have. */
async function build(dialect, place, options, sizes) {
  const pages = {};
  await account(options.data, options);
  const server = await Server.start(options.data, { port: PORTS.runs, env: options.env });
  try {
    for (const [kind, slug] of [[3, 'few'], [4, 'many']]) {
      const { id, token } = await org(options.data, options, slug);
      const recorder = new Recorder(server, await token('bench'), '192.0.2.1');
      for (let run = 0; run < RECORDED; run += 1) await recorder.record((run * TASKS) % KNOWN_TASKS);
      recorder.close();
      const size = slug === 'few' ? sizes.runs / 10 : sizes.runs;
      await fill(dialect, place, runs(dialect, kind, id, size), 'runs', size);
      await execute(dialect, place, days(dialect, id, DAYS, size / DAYS));
      const list = `/o/${slug}/w/${id}/runs`;
      pages[slug] = {
        'runs': list, 'runs of an organization': `/o/${slug}/runs`, 'runs of a branch': `${list}?branch=main`,
        'runs, none found': `${list}?credential=nx-cloud-id`, 'statistics over 90 days': `/o/${slug}/w/${id}/statistics?days=90`,
      };
    }
    await settle(dialect, place);
  } finally {
    await server.stop();
  }
  return pages;
}

/** Runs that several clients get in within a minute while somebody loads the list, and how long that takes them. */
async function intake(server, pages, tokens) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const cookie = await signIn(server);
  const look = async (until) => {
    const times = [];
    while (!until()) times.push((await load(`${server.url}${pages.many.runs}`, agent, cookie)).ms);
    return median(times);
  };
  const recorders = tokens.map((token, number) => new Recorder(server, token, `198.51.100.${number + 1}`));
  try {
    const quiet = await look(((end) => () => Date.now() > end)(Date.now() + 3000));
    const end = Date.now() + SECONDS * 1000;
    const over = () => Date.now() > end;
    const counts = recorders.map(async (recorder, number) => {
      let count = 0;
      for (; !over(); count += 1) await recorder.record((number * TASKS) % KNOWN_TASKS);
      return count;
    });
    const [busy, ...taken] = await Promise.all([look(over), ...counts]);
    return { perMinute: (taken.reduce((sum, count) => sum + count, 0) * 60) / SECONDS, quiet, busy };
  } finally {
    for (const recorder of recorders) recorder.close();
    agent.destroy();
  }
}

/** How long a run at the upper end takes to get in, and its pages to come. */
async function large(server, org, workspace, token) {
  const recorder = new Recorder(server, token, '203.0.113.1');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const began = performance.now();
    const { id } = await recorder.recordLarge();
    const seconds = (performance.now() - began) / 1000;
    const cookie = await signIn(server);
    const run = `/o/${org}/w/${workspace}/runs/${id}`;
    const pages = { 'its tasks': run, 'its timeline': `${run}/timeline`, 'a log of 20 MiB': `${run}/tasks/0`, 'looked through': `${run}/tasks/0?q=part-42.ts` };
    const times = {};
    for (const [page, path] of Object.entries(pages)) {
      const loads = [];
      for (let n = 0; n < 5; n += 1) loads.push((await load(`${server.url}${path}`, agent, cookie)).ms);
      times[page] = median(loads);
    }
    return { seconds, times };
  } finally {
    recorder.close();
    agent.destroy();
  }
}

/** Pages and intake on one database: `kind` is sqlite or postgres, `url` a PostgreSQL server. */
export async function measureRuns(folder, kind, url, sizes = { runs: 1_000_000 }) {
  const data = join(folder, `runs-${kind}`);
  await mkdir(data, { recursive: true });
  const dialect = DIALECTS[kind];
  let place = join(data, 'bench.db');
  if (kind === 'postgres') {
    await execute(dialect, url, ['CREATE DATABASE bench_runs;\n']);
    place = Object.assign(new URL(url), { pathname: '/bench_runs' }).href;
  }
  const env = {
    BUILDKEEP_LOG: 'warn', BUILDKEEP_DATABASE_URL: kind === 'sqlite' ? `sqlite://${place}` : place,
    // Each recorder has an address of its own, as machines have.
    BUILDKEEP_TRUSTED_PROXIES: '["127.0.0.1"]',
  };
  const options = { data, env };
  const pages = await build(dialect, place, options, sizes);
  const { id, token } = await org(data, options, 'busy');
  const tokens = [];
  for (let number = 0; number < RECORDERS; number += 1) tokens.push(await token(`bench ${number}`));
  const server = await Server.start(data, { port: PORTS.runs, env });
  try {
    const lists = Object.entries(await compare(server, pages)).map(([page, result]) => ({ database: kind, page, rows: sizes.runs, ...result }));
    return { lists, intake: { database: kind, ...await intake(server, pages, tokens) }, large: { database: kind, ...await large(server, 'busy', id, tokens[0]) } };
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}
