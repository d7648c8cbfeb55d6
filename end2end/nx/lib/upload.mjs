// Artifacts that can be made again from a seed, and uploads of them that may be cut off at any byte.
import { createCipheriv, createHash } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';

/** Numbers in [0, 1) that come again in the same order for the same words (mulberry32). */
export function seeded(...words) {
  let state = createHash('sha256').update(words.join(' ')).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The gzip archive that stands for `hash`: `size` bytes that do not compress, the same in every call. */
export function bodyOf(hash, size) {
  const key = createHash('sha256').update(hash).digest();
  const noise = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
  return gzipSync(noise, { level: 0 });
}

/** PUT of a body in pieces with pauses; answers the status, or undefined when none ever came. */
export function upload(server, token, hash, body, { agent, piece = body.length, pause = 0 } = {}) {
  return new Promise((done) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream', 'content-length': body.length };
    const put = request({ host: '127.0.0.1', port: server.port, path: `/v1/cache/${hash}`, method: 'PUT', agent, headers });
    put.on('response', (answer) => {
      answer.resume();
      done(answer.statusCode);
    });
    put.on('error', () => done(undefined));
    const send = (from) => {
      if (put.destroyed) return;
      const to = Math.min(from + piece, body.length);
      if (to === body.length) put.end(body.subarray(from));
      else put.write(body.subarray(from, to), () => setTimeout(send, pause, to));
    };
    send(0);
  });
}
