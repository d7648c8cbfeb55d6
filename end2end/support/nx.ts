// What `nx connect` asks of the server, without nx.
import type { Buildkeep } from './test.ts';

async function post({ url }: Buildkeep, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${url}/nx-cloud/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
  return answer.json();
}

/** The code of a link; with an id, of the one that claims that workspace. */
export async function linkOf(buildkeep: Buildkeep, accessToken: string | null, selectedRepositoryName = 'acme/web-shop'): Promise<string> {
  const code = await post(buildkeep, 'onboarding', { type: 'MANUAL', source: 'nx-connect', accessToken, selectedRepositoryName });
  if (typeof code !== 'string') throw new Error(`no link: ${JSON.stringify(code)}`);
  return code;
}

/** `nx connect` in a repository of another host than GitHub. */
export async function nxConnect(buildkeep: Buildkeep, workspaceName = 'web-shop'): Promise<{ nxCloudId: string; code: string }> {
  const made = await post(buildkeep, 'v2/create-org-and-workspace', { workspaceName, installationSource: 'nx-connect' }) as { nxCloudId?: string };
  if (!made.nxCloudId) throw new Error(`no workspace: ${JSON.stringify(made)}`);
  return { nxCloudId: made.nxCloudId, code: await linkOf(buildkeep, made.nxCloudId) };
}

/** How the cache answers somebody who has only the id. */
export class AnonymousCache {
  constructor(private readonly buildkeep: Buildkeep, private readonly nxCloudId: string) {}

  private address(hash: string) {
    return `${this.buildkeep.url}/w/${this.nxCloudId}/v1/cache/${hash}`;
  }

  async get(hash: string): Promise<number> {
    return (await fetch(this.address(hash))).status;
  }

  async put(hash: string, body: Uint8Array<ArrayBuffer>): Promise<number> {
    return (await fetch(this.address(hash), { method: 'PUT', body })).status;
  }
}
