// Who is there: somebody who works, and an organization that attacks, with all that it could get hold of.
import { randomBytes } from 'node:crypto';
import { admin, PASSWORD } from '../../nx/lib/server.mjs';
import { archive } from '../../bench/lib/transfers.mjs';
import { Recorder } from '../../bench/lib/recorded.mjs';

/** Signs in as a browser does, from this address, and answers the cookie. */
export async function signIn(server, email, address) {
  const answer = await fetch(`${server.url}/do/accounts/sign-in`, {
    method: 'POST', redirect: 'manual', body: new URLSearchParams({ email, password: PASSWORD }),
    headers: { origin: server.url, accept: 'application/json', 'x-forwarded-for': address },
  });
  const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]).filter((pair) => !pair.endsWith('='));
  await answer.text();
  if (answer.status !== 303 || cookies.length === 0) throw new Error(`Signing in was answered ${answer.status}.`);
  return cookies.join('; ');
}

async function organization(data, options, person, slug) {
  const email = `${person}@example.com`;
  await admin(data, ['user', 'create', '--email', email, '--name', person, '--password-stdin'], { ...options, input: `${PASSWORD}\n` });
  await admin(data, ['org', 'create', '--slug', slug, '--name', slug, '--admin', email], options);
  const workspace = await admin(data, ['workspace', 'create', '--org', slug, '--name', 'shop'], options);
  const { token } = await admin(data, ['token', 'create', '--org', slug, '--workspace', 'shop', '--name', 'ci', '--access', 'read-write', '--expires', 'never'], options);
  return { email, slug, workspace: workspace.id, id: workspace.nx_cloud_id ?? workspace.nxCloudId, token };
}

/** A log of 30 MiB, and the addresses under which it is read. */
async function longLog(server, org) {
  const recorder = new Recorder(server, org.token, '198.51.100.1');
  const run = await recorder.start(1);
  await run.tell('report', { tasks: [{ number: 0, attempt: 1, id: 'a:b', project: 'a', target: 'b', cacheable: true, status: 'running' }] });
  for (let from = 0; from < 120; from += 20) {
    const piece = (n) => ({ task: 0, attempt: 1, piece: from + n, text: randomBytes(96 << 10).toString('hex').slice(0, 190 << 10) + '\n'.repeat(60) });
    await run.tell('report', { logs: Array.from({ length: 20 }, (_, n) => piece(n)) });
  }
  await run.tell('end', { ended_at: new Date().toISOString(), status: 'success' });
  recorder.close();
  const page = `/o/${org.slug}/w/${org.workspace}/runs/${run.id}/tasks/0`;
  return { log: `${page}/log.txt`, page };
}

async function put(server, path, body, token) {
  const headers = { 'content-type': 'application/octet-stream', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server.url}${path}`, { method: 'PUT', body, headers });
  if (answer.status !== 200) throw new Error(`PUT of ${path} was answered ${answer.status}: ${await answer.text()}`);
}

/** Builds all of it. */
export async function build(server, env) {
  const options = { env };
  const [victim, attacker] = [await organization(server.data, options, 'ada', 'acme'), await organization(server.data, options, 'mallory', 'evil')];
  const large = archive(24 << 20);
  const created = await fetch(`${server.url}/nx-cloud/v2/create-org-and-workspace`, { method: 'POST', body: JSON.stringify({ workspaceName: 'web' }) });
  const { nxCloudId } = await created.json();
  await put(server, `/w/${nxCloudId}/v1/cache/1`, large);
  await put(server, '/v1/cache/1', large, attacker.token);
  return {
    victim,
    attackers: {
      ...attacker, unclaimed: nxCloudId, ...await longLog(server, attacker),
      cookie: await signIn(server, attacker.email, '198.51.100.2'), victim: { email: victim.email, id: victim.id },
    },
  };
}
