// One real OpenID provider (npm oidc-provider) on a port of its own, with the quirks of a profile.
//
// Accounts are made and changed under /control: a disabled one has its refresh token refused, as Google does it. What a provider sends
// is changed there too, member by member, and it can be made ill: see `control`.
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { SignJWT, decodeJwt } from 'jose';
import { Provider } from 'oidc-provider';

export const CLIENT = 'buildkeep';
/** With characters that mean something in a form, a header and an address. */
export const SECRET = 'the-secret+of/buildkeep at:the%provider';

/** A new key, by way of its text: Node 20 may wait for itself for ever when a generated key is exported as JWK while its garbage is collected. */
function newKey() {
  const encoding = { type: 'pkcs8', format: 'pem' };
  return createPrivateKey(generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: encoding, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey);
}

const privateKey = newKey();
const strangers = newKey();
/** What is written for a member that is to be left out. */
const ABSENT = '(absent)';

/** Starts it; its issuer. */
export async function start(profile) {
  const server = createServer((request, response) => handle(request, response));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const issuer = `${origin}${profile.path ?? ''}`;
  const mount = (profile.path ?? '').replace(/\/$/, '');

  /** Accounts by id: { email, email_verified, name, hd, disabled }. */
  const accounts = new Map();
  /** Members to change, by what is sent: metadata, keys, tokens, idToken, refreshed (an ID token), userInfo. */
  const changes = {};
  /** What was asked, oldest first. */
  const seen = [];
  const permitted = new Set();
  let mode = 'well';
  let signing = { key: privateKey, kid: 'provider' };

  const provider = new Provider(issuer, {
    clients: [{
      client_id: CLIENT,
      client_secret: SECRET,
      redirect_uris: ['http://127.0.0.1/sso/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: profile.auth ?? 'client_secret_basic',
    }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'provider', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile', 'offline_access'],
    claims: { openid: ['sub', 'hd'], email: ['email', 'email_verified'], profile: ['name'] },
    // As Google does: the claims stand in the ID token.
    conformIdTokenClaims: false,
    rotateRefreshToken: profile.rotates ?? true,
    expiresWithSession: () => false,
    issueRefreshToken: (_, __, code) => {
      switch (profile.refresh) {
        case 'always': return true;
        case 'first': return !permitted.has(code.accountId) && Boolean(permitted.add(code.accountId));
        case 'consent': return code.scopes.has('offline_access');
        default: return false;
      }
    },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `${mount}/interaction/${interaction.uid}` },
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
    const route = ctx.oidc?.route;
    if (route === 'discovery') ctx.body = changed('metadata', (profile.metadata ?? same)(ctx.body));
    if (route === 'userinfo' && ctx.status === 200) ctx.body = changed('userInfo', (profile.userInfo ?? same)(ctx.body));
    if (route === 'jwks') {
      seen.push({ route });
      ctx.body = changed('keys', { keys: (profile.keys ?? same)(published()) });
    }
    if (route === 'token') {
      const renewed = ctx.oidc.params?.grant_type === 'refresh_token';
      seen.push({ route, grant: ctx.oidc.params?.grant_type, auth: ctx.headers.authorization ? 'basic' : 'post' });
      if (ctx.body?.id_token) {
        ctx.body = { ...ctx.body, id_token: await signed(decodeJwt(ctx.body.id_token), renewed) };
        ctx.body = changed('tokens', (profile.tokens ?? same)(ctx.body));
      }
    }
  });
  const oidc = provider.callback();

  function published() {
    const { kty, n, e } = signing.key.export({ format: 'jwk' });
    return [{ kty, n, e, kid: signing.kid, alg: 'RS256', use: 'sig' }];
  }

  function changed(what, members) {
    const all = Object.entries({ ...members, ...changes[what] });
    return Object.fromEntries(all.filter(([, value]) => value !== ABSENT && value !== undefined));
  }

  /** The ID token as the profile writes it, with one thing wrong when the provider is ill that way. */
  async function signed(plain, renewed) {
    const own = changed('idToken', (profile.idToken ?? same)(plain));
    const claims = renewed ? { ...changed('refreshed', own) } : own;
    const wrong = {
      audience: { aud: 'another-client' },
      issuer: { iss: 'https://accounts.example.com' },
      nonce: { nonce: 'of-another-sign-in' },
      expired: { iat: plain.iat - 7200, exp: plain.exp - 7200 },
      early: { iat: plain.iat + 7200, exp: plain.exp + 7200 },
    }[mode];
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const byHand = (alg, secret) => {
      const message = `${part({ alg, kid: signing.kid })}.${part(claims)}`;
      return `${message}.${secret ? createHmac('sha256', secret).update(message).digest('base64url') : ''}`;
    };
    switch (mode) {
      case 'unsigned': return byHand('none');
      case 'secret': return byHand('HS256', SECRET);
      // The public key, which everybody has, as the secret.
      case 'confused': return byHand('HS256', createPublicKey(signing.key).export({ type: 'spki', format: 'pem' }));
    }
    const key = mode === 'signature' ? strangers : signing.key;
    return new SignJWT({ ...claims, ...wrong }).setProtectedHeader({ alg: 'RS256', kid: signing.kid }).sign(key);
  }

  /**
   * What tests do to it:
   * - PUT accounts/<id>: makes or changes an account
   * - PUT mode: "well"; "down" (closes connections), "hanging" (never answers), "busy" (503), "limited" (429), "html" (a page instead of
   *   an answer), each with the end of a path behind it to be so only there; or one of the wrong ID tokens
   * - PUT change/<what>: members to change in what it sends
   * - PUT keys: signs with a new key, and publishes that one only
   * - GET seen: what it was asked
   */
  async function control(what, request, response) {
    const [verb, id] = what.split('/');
    switch (verb) {
      case 'accounts': {
        const name = decodeURIComponent(id);
        accounts.set(name, { ...accounts.get(name), ...JSON.parse(await body(request)) });
        break;
      }
      case 'mode': mode = await body(request); break;
      case 'change': changes[id] = { ...changes[id], ...JSON.parse(await body(request)) }; break;
      case 'keys': signing = { key: newKey(), kid: randomBytes(4).toString('hex') }; break;
      case 'seen': return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen));
      default: return response.writeHead(404).end();
    }
    return response.writeHead(204).end();
  }

  /** Whether it is too ill to answer this; it has answered then, or never will. */
  function isIll(pathname, response) {
    const [illness, where = ''] = mode.split(' ');
    if (!pathname.endsWith(where)) return false;
    switch (illness) {
      case 'down': response.socket.destroy(); return true;
      case 'hanging': seen.push({ route: 'hanging' }); return true;
      case 'busy': response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Service Unavailable</h1>'); return true;
      case 'limited': response.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '60' }).end('slow down'); return true;
      case 'html': response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>'); return true;
      default: return false;
    }
  }

  async function handle(request, response) {
    const { pathname, searchParams } = new URL(request.url, origin);
    try {
      if (pathname.startsWith('/control/')) return await control(pathname.slice('/control/'.length), request, response);
      if (pathname === '/favicon.ico') return response.writeHead(204).end();
      if (isIll(pathname, response)) return undefined;
      if (pathname.startsWith(`${mount}/interaction/`)) return await interact(request, response);
      if (pathname === `${mount}/auth`) {
        const asked = Object.fromEntries(searchParams);
        seen.push({ route: 'authorization', scope: asked.scope, prompt: asked.prompt ?? null });
        if (profile.refresh === 'refused' && asked.scope?.includes('offline_access')) return back(response, asked, 'invalid_scope');
      }
      request.originalUrl = request.url;
      request.url = request.url.slice(mount.length);
      return await oidc(request, response);
    } catch (error) {
      return response.writeHead(500).end(String(error));
    }
  }

  function back(response, { redirect_uri: to, state }, error) {
    return response.writeHead(303, { location: `${to}?${new URLSearchParams({ error, state, iss: issuer })}` }).end();
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
      if (form.get('refuse') || (prompt.name === 'login' && accounts.get(form.get('account'))?.disabled)) return { error: 'access_denied' };
      if (prompt.name === 'login') return { login: { accountId: form.get('account') } };
      const known = grantId && await provider.Grant.find(grantId);
      const grant = known || new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
      grant.addOIDCScope(params.scope);
      return { consent: { grantId: await grant.save() } };
    };
    return provider.interactionFinished(request, response, await answer(), { mergeWithLastSubmission: false });
  }

  return issuer;
}

const same = (value) => value;

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
