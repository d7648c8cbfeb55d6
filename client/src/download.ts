// An artifact from the server into nx's cache: whole and verified, or not at all.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Api, PATIENCE, transferTime } from './api.ts';
import { BadArchive, unpack } from './archive.ts';
import type { Borders } from './borders.ts';
import { decrypt, Tampered } from './encryption.ts';
import { NoAnswer, readFile, readParts } from './http.ts';
import type { Known } from './shapes.ts';

/** Bytes of an artifact that is unpacked from memory. */
const SMALL = 256 << 10;

/** It is not what the server said that it has. */
export class Damaged extends Error {}

/** What decrypts it. */
export interface Opener {
  key: string;
  nxCloudId: string;
}

/** An unpacked artifact that is not in its place yet. */
export interface Unpacked {
  folder: string;
  terminalOutput: string;
  code: number;
}

/** Our own corner of nx's cache folder: on the same disk, so that a rename is enough. */
export const corner = (cacheFolder: string): string => join(cacheFolder, '.buildkeep');

/** Downloads, verifies and unpacks into a folder of its own; the caller removes `scratch` in any case. */
export async function download(api: Api, hash: string, known: Known, scratch: string, borders: Borders, opener?: Opener): Promise<Unpacked> {
  await mkdir(scratch, { recursive: true });
  let file = join(scratch, 'archive');
  // A small one needs no file of its own.
  const isLittle = !opener && known.bytes <= SMALL;
  let little: Buffer[] = [];
  await api.call('GET', `/api/v1/artifacts/${hash}`, {
    headers: { accept: 'application/octet-stream' },
    deadline: transferTime(known.bytes),
    attempts: PATIENCE,
    take: async (answer) => {
      little = [];
      if (!isLittle) await rm(file, { force: true });
      const digest = createHash('sha256');
      let bytes = 0;
      const seen = (part: Buffer) => {
        digest.update(part);
        bytes += part.length;
        if (isLittle) little.push(part);
      };
      await (isLittle ? readParts(answer, known.bytes, seen) : readFile(answer, file, known.bytes, seen)).catch((error: unknown) => {
        throw bytes > known.bytes ? new Damaged() : error;
      });
      // A body without a length that ends early cannot be told from a whole one, but by this.
      if (bytes < known.bytes) throw new NoAnswer('the connection was cut');
      const told = known.sha256 ?? reprDigest(answer.headers['repr-digest']);
      if (told !== undefined && told !== digest.digest('hex')) throw new Damaged();
    },
  });
  if (opener) {
    const opened = join(scratch, 'opened');
    await decrypt(file, opened, opener.key, { nxCloudId: opener.nxCloudId, hash });
    file = opened;
  }
  const folder = join(scratch, 'content');
  try {
    return { folder, ...(await unpack(isLittle ? Readable.from(little) : createReadStream(file), folder, borders)) };
  } catch (error) {
    // Of a stream that is no archive, zlib and tar-stream say so in many words.
    throw isLocal(error) ? error : new Damaged();
  }
}

function isLocal(error: unknown): boolean {
  if (error instanceof BadArchive || error instanceof Tampered) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall !== undefined && ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'EMFILE', 'EIO'].includes(code ?? '');
}

/** The SHA-256 in hex out of `Repr-Digest` (RFC 9530). */
export function reprDigest(header: string | string[] | undefined): string | undefined {
  const found = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec([header].flat().join(','));
  return found?.[1] && Buffer.from(found[1], 'base64').toString('hex');
}

/** Puts it where nx 20 and newer look; answers the folder. */
export async function placeV2(unpacked: Unpacked, cacheFolder: string, hash: string, scratch: string): Promise<string> {
  const place = join(cacheFolder, hash);
  await swap(unpacked.folder, place, scratch);
  return place;
}

/** Puts it where nx 17 to 19 look. Never `source`, the machine: nx refuses what another machine made. */
export async function placeV1(unpacked: Unpacked, cacheFolder: string, hash: string, scratch: string): Promise<void> {
  const whole = join(scratch, 'whole');
  await mkdir(whole);
  await rename(unpacked.folder, join(whole, 'outputs'));
  await writeFile(join(whole, 'code'), String(unpacked.code));
  await writeFile(join(whole, 'terminalOutput'), unpacked.terminalOutput);
  await rm(join(cacheFolder, `${hash}.commit`), { force: true });
  await swap(whole, join(cacheFolder, hash), scratch);
  // Last: nx takes what has it for whole.
  await writeFile(join(cacheFolder, `${hash}.commit`), 'true');
}

/** What lies there is moved aside first: a rename replaces no folder. */
async function swap(fresh: string, place: string, scratch: string): Promise<void> {
  await rename(place, join(scratch, randomUUID())).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, place).catch((error: NodeJS.ErrnoException) => {
    // Another nx process was faster, with the same.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
}
