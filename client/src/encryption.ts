// End-to-end encryption of artifacts: the server never sees the key, nor what it opens.
//
//   "BKE1" | key id (8) | salt (32) | nonce (12) | AES-256-GCM ciphertext of the archive | tag (16)
//
// Key = HKDF-SHA256(key string, salt, "buildkeep artifact"). Header, Nx Cloud id of the workspace and hash of the task
// are associated data: an artifact that is moved to another hash or workspace does not open.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const MAGIC = Buffer.from('BKE1');
const HEADER = 56;
const TAG = 16;
/** More than this, one key and nonce must not encrypt. */
const MOST = 2 ** 36 - 32;

/** What an artifact belongs to. */
export interface Bound {
  nxCloudId: string;
  hash: string;
}

/** It was encrypted with a key that is not ours. */
export class OtherKey extends Error {}
/** It is not what was encrypted. */
export class Tampered extends Error {}

const derive = (key: string, salt: Buffer, info: string, bytes: number) => Buffer.from(hkdfSync('sha256', key, salt, info, bytes));

/** Tells keys apart without telling the key. */
export const keyId = (key: string): Buffer => derive(key, Buffer.alloc(0), 'buildkeep key id', 8);

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
export function encrypt(key: string, bound: Bound): Transform {
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const header = Buffer.concat([MAGIC, keyId(key), salt, nonce]);
  const cipher = createCipheriv('aes-256-gcm', derive(key, salt, 'buildkeep artifact', 32), nonce);
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
  if (!header.subarray(0, 4).equals(MAGIC)) throw new Tampered();
  if (!header.subarray(4, 12).equals(keyId(key))) throw new OtherKey();
  const opened = derive(key, header.subarray(12, 44), 'buildkeep artifact', 32);
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
