// End-to-end encryption of artifacts: the server never sees the key, nor what it opens.
//
//   "BKE2" | key id (8) | salt (32) | nonce (12) | AES-256-GCM ciphertext of the archive | tag (16)
//
// Master = scrypt(key string, the workspace), so that a short key is not guessed quickly, and a guess is good for one workspace
// only. Key and key id = HKDF-SHA256(master, salt): the id differs with each artifact, and says nothing without the master.
// Header, Nx Cloud id of the workspace and hash of the task are associated data: an artifact that is moved to another hash or
// workspace does not open. "BKE1" was the same without scrypt, and with one key id for all; it is still opened, and never written.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const MAGIC = 'BKE2';
const OLD_MAGIC = 'BKE1';
const HEADER = 56;
const TAG = 16;
/** More than this, one key and nonce must not encrypt. */
const MOST = 2 ** 36 - 32;
/** 64 MiB and about a fifth of a second, once for each command. */
const COST = { N: 2 ** 16, r: 8, p: 1, maxmem: 80 << 20 };

/** What an artifact belongs to. */
export interface Bound {
  nxCloudId: string;
  hash: string;
}

/** It was encrypted with a key that is not ours. */
export class OtherKey extends Error {}
/** It is not what was encrypted. */
export class Tampered extends Error {}

const derive = (key: string | Buffer, salt: Buffer, info: string, bytes: number) => Buffer.from(hkdfSync('sha256', key, salt, info, bytes));

const masters = new Map<string, Promise<Buffer>>();

/** The key of a workspace, stretched once in a process. */
export function master(key: string, nxCloudId: string): Promise<Buffer> {
  const name = JSON.stringify([key, nxCloudId]);
  let made = masters.get(name);
  if (!made) {
    const salt = createHash('sha256').update(`buildkeep workspace\n${nxCloudId}`).digest();
    made = new Promise((done, fail) => scrypt(key, salt, 32, COST, (error, stretched) => (error ? fail(error) : done(stretched))));
    masters.set(name, made);
  }
  return made;
}

/** Tells keys apart. Artifacts of the old format all had the same. */
const idOf = (from: Buffer, salt: Buffer): Buffer => derive(from, salt, 'buildkeep key id', 8);
const oldId = (key: string): Buffer => derive(key, Buffer.alloc(0), 'buildkeep key id', 8);

function associated(header: Buffer, { nxCloudId, hash }: Bound): Buffer {
  const withLength = (text: string) => {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  };
  return Buffer.concat([header, ...withLength(nxCloudId), ...withLength(hash)]);
}

/** Encrypts what passes. */
export async function encrypt(key: string, bound: Bound): Promise<Transform> {
  const stretched = await master(key, bound.nxCloudId);
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const header = Buffer.concat([Buffer.from(MAGIC), idOf(stretched, salt), salt, nonce]);
  const cipher = createCipheriv('aes-256-gcm', derive(stretched, salt, 'buildkeep artifact', 32), nonce);
  cipher.setAAD(associated(header, bound));
  let total = 0;
  return new Transform({
    construct(done) {
      this.push(header);
      done();
    },
    transform(part: Buffer, _encoding, done) {
      total += part.length;
      if (total > MOST) done(new Error('too large to encrypt'));
      else done(null, cipher.update(part));
    },
    flush(done) {
      this.push(cipher.final());
      done(null, cipher.getAuthTag());
    },
  });
}

/** The key that opens what has this header. */
async function opening(header: Buffer, key: string, { nxCloudId }: Bound): Promise<Buffer> {
  const [magic, id, salt] = [header.toString('latin1', 0, 4), header.subarray(4, 12), header.subarray(12, 44)];
  if (magic !== MAGIC && magic !== OLD_MAGIC) throw new Tampered();
  const from = magic === MAGIC ? await master(key, nxCloudId) : key;
  if (!id.equals(typeof from === 'string' ? oldId(from) : idOf(from, salt))) throw new OtherKey();
  return derive(from, salt, 'buildkeep artifact', 32);
}

/** Decrypts one file into another. What is there before this resolves is not to be used: the tag comes last. */
export async function decrypt(from: string, to: string, key: string, bound: Bound): Promise<void> {
  const { size } = await stat(from);
  if (size < HEADER + TAG) throw new Tampered();
  const file = await open(from);
  const header = Buffer.alloc(HEADER);
  const tag = Buffer.alloc(TAG);
  try {
    await file.read(header, 0, HEADER, 0);
    await file.read(tag, 0, TAG, size - TAG);
  } finally {
    await file.close();
  }
  const opened = await opening(header, key, bound);
  const decipher = createDecipheriv('aes-256-gcm', opened, header.subarray(44, HEADER), { authTagLength: TAG });
  decipher.setAAD(associated(header, bound));
  decipher.setAuthTag(tag);
  const out = createWriteStream(to, { flags: 'wx', mode: 0o600 });
  try {
    const sealed = size === HEADER + TAG ? Readable.from([]) : createReadStream(from, { start: HEADER, end: size - TAG - 1 });
    await pipeline(sealed, decipher, out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall) throw error;
    throw new Tampered();
  }
}
