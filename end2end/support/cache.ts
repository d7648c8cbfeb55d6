// The remote cache as nx speaks to it.
import { gzipSync } from 'node:zlib';

export class Cache {
  constructor(private readonly url: string, private readonly token: string) {}

  private async ask(hash: string, init: RequestInit): Promise<number> {
    const answer = await fetch(`${this.url}/v1/cache/${hash}`, { ...init, headers: { authorization: `Bearer ${this.token}` } });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** Status of the attempt to store something. */
  put(hash: string, words = `result of ${hash}`): Promise<number> {
    return this.ask(hash, { method: 'PUT', body: gzipSync(words) });
  }

  /** Status of the attempt to read. */
  get(hash: string): Promise<number> {
    return this.ask(hash, {});
  }
}
