// The tables, and how the measured ratios stand to what was aimed for.
import { cpus, release, totalmem } from 'node:os';
import { versionOf } from './contenders.mjs';
import { LARGE } from './recorded.mjs';

const round = (number) => (number >= 100 ? Math.round(number).toLocaleString('en-US') : number.toFixed(number >= 10 ? 1 : 2));
const line = (cells) => `| ${cells.join(' | ')} |`;
const table = (titles, rows) => [line(titles), line(titles.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
const verdict = (good) => (good ? 'meets' : 'misses');

// Ratio to which server is to be at least what, by method and size.
const AIMS = [
  { method: 'GET', sizes: ['100 KiB', '10 MiB'], to: 'nginx', least: 0.6 },
  { method: 'GET', sizes: ['1 KiB', '100 KiB'], to: 'turbo', least: 5 },
  { method: 'PUT', sizes: ['1 KiB', '100 KiB', '10 MiB'], to: 'turbo', least: 3 },
];
const MEMORY_MIB = 100;
const PAGE_RATIO = 1.5;
const CLIENT_RATIOS = { local: 1.05, remote: 1.1, run: 1.3 };

function transferTables(results) {
  const cell = ({ rate, size }, name) => (rate[name] ? `${round(rate[name])} (${round((rate[name] * size.bytes) / 1e6)} MB/s)` : '–');
  const ratio = ({ rate }, name) => (rate[name] ? `${(rate.buildkeep / rate[name]).toFixed(2)}` : '–');
  const rows = results.map((result) => [`${result.method} ${result.size.label}`, cell(result, 'buildkeep'), cell(result, 'nginx'), cell(result, 'turbo'),
    ratio(result, 'nginx'), ratio(result, 'turbo')]);
  const aims = AIMS.flatMap(({ method, sizes, to, least }) => results
    .filter((result) => result.method === method && sizes.includes(result.size.label))
    .map((result) => {
      const seen = result.rate.buildkeep / result.rate[to];
      return [`${method} ${result.size.label} against ${to}`, `at least ${least}`, seen.toFixed(2), verdict(seen >= least)];
    }));
  return { text: table(['requests/s (bytes/s)', 'buildkeep', 'nginx', 'turborepo-remote-cache', '÷ nginx', '÷ turborepo'], rows), aims };
}

function memoryTable(phases) {
  const most = Math.max(...phases.map((phase) => phase.peak));
  const rows = phases.map(({ label, rate, peak }) => [label, rate ? `${round(rate)} MB/s` : '–', `${round(peak)} MiB`]);
  return {
    text: table(['32 clients, artifacts of 100 MiB', 'speed', 'peak resident memory so far'], rows),
    aims: [['peak memory, 32 × 100 MiB', `under ${MEMORY_MIB} MiB`, `${round(most)} MiB`, verdict(most < MEMORY_MIB)]],
  };
}

const CLIENT_WORDS = { local: 'all in the local cache', remote: 'all fetched, against the local cache', run: 'all run, and stored' };

function clientTable(measured) {
  const parts = measured.flatMap(({ version, ...times }) => Object.keys(CLIENT_WORDS).map((what) => ({ label: `nx ${version}, ${CLIENT_WORDS[what]}`, what, ...times[what] })));
  const ratio = ({ alone, connected }) => (connected / alone).toFixed(2);
  return {
    text: table([`run-many of ${measured[0].tasks} tiny tasks (median)`, 'nx alone', 'connected, run recorded', 'ratio'],
      parts.map((one) => [one.label, `${round(one.alone)} ms`, `${round(one.connected)} ms`, ratio(one)])),
    aims: parts.map((one) => [one.label, `at most ${CLIENT_RATIOS[one.what]}`, ratio(one), verdict(one.connected <= one.alone * CLIENT_RATIOS[one.what])]),
  };
}

function pageTable(results) {
  const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' };
  const label = ({ page, database }) => `${page}, ${names[database]}`;
  const rows = results.map((result) => [label(result), `${round(result.few)} ms`, result.rows.toLocaleString('en-US'), `${round(result.many)} ms`,
    (result.many / result.few).toFixed(2)]);
  const aims = results.map((result) => [`${label(result)}: many rows against 100`, `at most ${PAGE_RATIO}`, (result.many / result.few).toFixed(2),
    verdict(result.many <= result.few * PAGE_RATIO)]);
  return { text: table(['page, time to last byte (median)', '100 rows', 'rows', 'with that many', 'ratio'], rows), aims };
}

function runTables(results) {
  const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' };
  const lists = results.flatMap((result) => result.lists);
  const label = ({ page, database }) => `${page}, ${names[database]}`;
  const rows = lists.map((list) => [label(list), `${round(list.few)} ms`, `${round(list.many)} ms`, (list.many / list.few).toFixed(2)]);
  const aims = lists.map((list) => [`${label(list)}: ${list.rows.toLocaleString('en-US')} runs against a tenth`, `at most ${PAGE_RATIO}`, (list.many / list.few).toFixed(2),
    verdict(list.many <= list.few * PAGE_RATIO)]);
  const taken = results.map(({ intake }) => [names[intake.database], round(intake.perMinute), `${round(intake.quiet)} ms`, `${round(intake.busy)} ms`]);
  const large = results.map(({ large: { database, seconds, times } }) => [names[database], `${round(seconds)} s`, ...Object.values(times).map((ms) => `${round(ms)} ms`)]);
  const parts = Object.keys(results[0].large.times);
  return {
    text: [
      table(['page, time to last byte (median)', '100,000 runs', '1,000,000 runs', 'ratio'], rows),
      table(['runs of 50 tasks with logs, 8 clients at once', 'taken in a minute', 'list of runs without them', 'list of runs meanwhile'], taken),
      table([`a run of ${LARGE.tasks.toLocaleString('en-US')} tasks with ${LARGE.mebibytes} MiB of logs`, 'to take it', ...parts], large),
    ].join('\n\n'),
    aims,
  };
}

/** The whole report as markdown. */
export function report({ transfers, client, memory, pages, runs, failures, settings }) {
  const parts = [transfers && transferTables(transfers), client && clientTable(client), memory && memoryTable(memory), pages.length > 0 && pageTable(pages),
    runs.length > 0 && runTables(runs)].filter(Boolean);
  const machine = `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`;
  return `# Speed

${new Date().toISOString().slice(0, 10)} on ${machine}. Everything on loopback; wrk, servers and disk share these processors
(load before the start: ${settings.load.toFixed(1)}).
Each number is the median of ${settings.rounds} rounds of ${settings.seconds} s that take the servers in turn (wrk, 2 threads, 32 connections, 8 for 10 MiB).
nginx (${versionOf('sh', '-c', 'nginx -v 2>&1')}) serves the same bytes as files, without any check; turborepo-remote-cache ${settings.turbo} keeps them on the local disk.
Buildkeep checks a token, encrypts, and has every artifact on the disk before it answers a PUT.

${parts.map((part) => part.text).join('\n\n')}

${table(['aim', 'wanted', 'measured', ''], parts.flatMap((part) => part.aims))}
${failures.map((failure) => `\n**${failure}**\n`).join('')}`;
}
