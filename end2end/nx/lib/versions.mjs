// The versions of nx that get the client: those of versions.json, and older ones that know no HTTP cache.
import { readFile } from 'node:fs/promises';

export const versions = {
  17: '17.3.2', 18: '18.3.5', 19: '19.8.14', ...JSON.parse(await readFile(new URL('../versions.json', import.meta.url), 'utf8')),
};

/** Which of them are tested: NX_MAJORS, by default all. */
export const majors = process.env.NX_MAJORS?.split(' ').filter(Boolean) ?? Object.keys(versions);
for (const major of majors) if (!versions[major]) throw new Error(`No nx ${major} is known here: add the version that should be tested.`);
