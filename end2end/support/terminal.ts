// A terminal that logs in, and builds with what it got.
import { gzipSync } from 'node:zlib';

export interface Begun { device_code: string; user_code: string; verification_uri: string; verification_uri_complete: string }

export class Terminal {
  constructor(private readonly url: string, private readonly nxCloudId = '', private readonly token = '') {}

  private async post<Answer>(path: string, body: unknown): Promise<Answer> {
    const answer = await fetch(`${this.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
    return await answer.json() as Answer;
  }

  begin(device: string): Promise<Begun> {
    return this.post('/api/v1/logins', { device });
  }

  poll(begun: Begun): Promise<{ status: string; token?: string; person?: string }> {
    return this.post('/api/v1/logins/token', { device_code: begun.device_code });
  }

  /** Status of the attempt to read from the workspace's cache, or to store there. */
  async ask(hash: string, words?: string): Promise<number> {
    const headers: Record<string, string> = this.token ? { authorization: `Bearer ${this.token}` } : {};
    const init = words === undefined ? { headers } : { headers, method: 'PUT', body: gzipSync(words) };
    const answer = await fetch(`${this.url}/w/${this.nxCloudId}/v1/cache/${hash}`, init);
    await answer.arrayBuffer();
    return answer.status;
  }
}
