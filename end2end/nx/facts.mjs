// Writes the table in README.md from the facts that the last test runs left behind.
import { readFile, writeFile } from 'node:fs/promises';
import { table } from './lib/facts.mjs';

const readme = new URL('README.md', import.meta.url);
const versions = Object.values(JSON.parse(await readFile(new URL('versions.json', import.meta.url), 'utf8')));
const text = await readFile(readme, 'utf8');
const [begin, end] = ['<!-- facts -->\n', '\n<!-- /facts -->'];
const [head, tail] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
await writeFile(readme, text.slice(0, head) + await table(versions) + text.slice(tail));
