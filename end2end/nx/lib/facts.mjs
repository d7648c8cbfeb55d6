// What each nx version was seen to do, and the table in README.md that says so.
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../target/nx-facts/', import.meta.url));
const COLUMNS = {
  version: 'nx',
  readOnly: 'read-only token, changed source',
  symlink: 'link in an output arrives as',
  trailingSlash: 'address with a trailing slash',
  deadServer: 'server down before the build',
  diesInBuild: 'server dies during a build',
  waysOut: 'ways out (exit 0, built here)',
  afterRestart: 'server back',
  revokedToken: 'revoked token',
};

/** The first line of an nx failure that names the remote cache, without what differs from run to run. */
export function firstComplaint(text, url) {
  const line = text.split('\n').find((words) => /Unauthorized|Failed to send|Misconfigured|remote cache endpoint/.test(words)) ?? '';
  return `\`${line.trim().replace(/^NX\s+/, '').replaceAll(url, '<server>').replace(/cache\/\d+/, 'cache/<hash>').replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

const line = (cells) => `| ${cells.join(' | ')} |`;

/** One line of the table. */
export const row = (facts) => line(Object.keys(COLUMNS).map((name) => facts[name]));

/** Keeps the facts of one version for `facts.mjs`. */
export async function remember(facts) {
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}${facts.version}.json`, JSON.stringify(facts, null, 2));
}

/** The whole table, from everything that was remembered for these versions. */
export async function table(versions) {
  const rows = [];
  for (const name of (await readdir(folder)).sort((x, y) => x.localeCompare(y, 'en', { numeric: true }))) {
    const facts = JSON.parse(await readFile(folder + name, 'utf8'));
    if (versions.includes(facts.version)) rows.push(row(facts));
  }
  const titles = Object.values(COLUMNS);
  return [line(titles), line(titles.map(() => '---')), ...rows].join('\n');
}
