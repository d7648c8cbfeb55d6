// The versions of nx that we hold ourselves to: the newest of each major that can be installed.
import { join, resolve } from 'node:path';

export const VERSIONS: Record<string, string> = {
  17: '17.3.2', 18: '18.3.5', 19: '19.8.14', 20: '20.8.4', 21: '21.6.11', 22: '22.7.12', 23: '23.3.2', 24: '24.0.6',
};
/** Which of them: NX_MAJORS, by default all. */
export const majors = (process.env.NX_MAJORS ?? Object.keys(VERSIONS).join(' ')).split(' ');
export const root = resolve(process.env.BUILDKEEP_CLIENT as string, '..');
/** A module of the tests with real nx and the real server. */
export const lib = (name: string) => import(join(root, 'end2end/nx/lib', name)) as Promise<any>;
