// A real OpenID provider (npm oidc-provider) for the tests of the server and for browser journeys.
//
// Prints one line of JSON with its issuer, and ends when its standard input does. Accounts are made and changed under
// /control: a disabled one has its refresh token refused, as Google does it. /control/mode makes the provider ill:
// "down" answers nothing, the others hand out ID tokens that must not be accepted.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { SignJWT, decodeJwt, importJWK } from 'jose';
import { Provider } from 'oidc-provider';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'provider', alg: 'RS256', use: 'sig' };
const strangers = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** Accounts by id: { email, email_verified, name, hd, disabled }. */
const accounts = new Map();
let mode = 'well';

const server = createServer((request, response) => handle(request, response));
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'buildkeep',
    client_secret: 'the-secret-of-buildkeep-at-the-provider',
    redirect_uris: ['http://127.0.0.1/sso/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  jwks: { keys: [jwk] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  pkce: { required: () => true },
  scopes: ['openid', 'email', 'profile', 'offline_access'],
  claims: { openid: ['sub', 'hd'], email: ['email', 'email_verified'], profile: ['name'] },
  // As Google does: the claims stand in the ID token.
  conformIdTokenClaims: false,
  rotateRefreshToken: true,
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => {
    const account = accounts.get(id);
    if (!account || account.disabled) return undefined;
    const { disabled, ...claims } = account;
    return { accountId: id, claims: () => ({ sub: id, ...claims }) };
  },
});
// Every server of the tests has a port of its own.
provider.Client.prototype.redirectUriAllowed = (uri) => new URL(uri).pathname === '/sso/callback';
provider.use(async (ctx, next) => {
  await next();
  if (ctx.body?.id_token && mode !== 'well') ctx.body = { ...ctx.body, id_token: await spoiled(ctx.body.id_token) };
});
const oidc = provider.callback();
console.log(JSON.stringify({ issuer }));
// Nobody reads what else the provider has to say there.
console.log = console.info = console.error;

/** The same ID token with one thing wrong. */
async function spoiled(token) {
  const claims = decodeJwt(token);
  const wrong = {
    audience: { aud: 'another-client' },
    issuer: { iss: 'https://accounts.example.com' },
    nonce: { nonce: 'of-another-sign-in' },
    expired: { iat: claims.iat - 7200, exp: claims.exp - 7200 },
  }[mode];
  if (mode === 'unsigned') {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none' })}.${part(claims)}.`;
  }
  const key = mode === 'signature' ? strangers : await importJWK(jwk, 'RS256');
  return new SignJWT({ ...claims, ...wrong }).setProtectedHeader({ alg: 'RS256', kid: 'provider' }).sign(key);
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

async function handle(request, response) {
  const { pathname } = new URL(request.url, issuer);
  try {
    if (pathname === '/control/mode') {
      mode = await body(request);
      return response.writeHead(204).end();
    }
    if (pathname.startsWith('/control/accounts/')) {
      const id = decodeURIComponent(pathname.slice('/control/accounts/'.length));
      accounts.set(id, { ...accounts.get(id), ...JSON.parse(await body(request)) });
      return response.writeHead(204).end();
    }
    if (pathname === '/favicon.ico') return response.writeHead(204).end();
    if (mode === 'down') return response.socket.destroy();
    if (pathname.startsWith('/interaction/')) return await interact(request, response);
    return await oidc(request, response);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}

/** What a person does at the provider: says who they are, and allows what is asked. */
async function interact(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    const field = prompt.name === 'login' ? '<label>Account <input name="account"></label>' : '';
    const words = prompt.name === 'login' ? 'Sign in' : 'Allow';
    response.writeHead(200, { 'content-type': 'text/html' });
    return response.end(`<!doctype html><html lang="en"><title>Provider</title><form method="post">${field}
      <button>${words}</button> <button name="refuse" value="yes">Refuse</button></form></html>`);
  }
  const form = new URLSearchParams(await body(request));
  const answer = async () => {
    if (form.get('refuse')) return { error: 'access_denied' };
    if (prompt.name === 'login') return { login: { accountId: form.get('account') } };
    const known = grantId && await provider.Grant.find(grantId);
    const grant = known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return { consent: { grantId: await grant.save() } };
  };
  return provider.interactionFinished(request, response, await answer(), { mergeWithLastSubmission: false });
}

process.stdin.resume().on('end', () => process.exit(0));
