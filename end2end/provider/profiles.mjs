// How the common providers differ from the plain one, as far as their documentation, or reports about them, tell.
//
// Every profile may name: `path`, the path of its issuer; `auth`, how clients show who they are at the token endpoint; `refresh`, to
// whom it gives refresh tokens ("consent": to those whose consent was asked for, as OpenID Connect Core, 11, has it; "first": to each
// account once; "always"; "never"; "refused": asking is an error); `rotates`, whether an old one ends with its use; and what it makes
// of its metadata, keys, token answers, ID tokens and UserInfo. A member that becomes undefined is left out.

/** Claims of a person that a provider keeps for UserInfo. */
const thin = { email: undefined, email_verified: undefined, name: undefined, hd: undefined };

/** OpenID Connect Core 1.0 and Discovery 1.0 to the letter. */
const plain = { refresh: 'consent' };

/** https://developers.google.com/identity/openid-connect/openid-connect: `hd` tells the hosted domain, `azp` is always there, no
 * `offline_access` among the scopes, a refresh token comes with the first permission only, and is not rotated. */
const google = {
  refresh: 'first',
  rotates: false,
  metadata: ({ prompt_values_supported, ...metadata }) => ({ ...metadata, scopes_supported: ['openid', 'email', 'profile'] }),
  idToken: (claims) => ({ ...claims, azp: 'buildkeep', picture: 'https://lh3.googleusercontent.com/a/x=s96-c', locale: 'de' }),
};

/** https://auth0.com/docs/secure/tokens/id-tokens/id-token-structure: the issuer ends with a slash, own claims have addresses as
 * names; https://github.com/ramosbugs/openidconnect-rs/issues/23: `updated_at` is a date as text, and a number as text at UserInfo. */
const auth0 = {
  path: '/',
  refresh: 'always',
  idToken: (claims) => ({ ...claims, updated_at: '2026-11-29T08:10:58.969Z', nickname: 'zoe', 'https://acme.example/roles': [{ id: null }] }),
  userInfo: (claims) => ({ ...claims, updated_at: '1796025058', picture: 7 }),
  tokens: (answer) => ({ ...answer, scope: ['openid', 'email'], expires_in: '86400' }),
};

/** https://developer.okta.com/docs/concepts/auth-servers and /docs/api/openapi/okta-oauth: the ID token that comes with an access token
 * is thin, the rest is at UserInfo; `ver` and `amr`; `locale` with an underscore. */
const okta = {
  path: '/oauth2/default',
  refresh: 'always',
  idToken: (claims) => ({ ...claims, ...thin, ver: 1, amr: ['pwd', 'mfa'], idp: '00o1', auth_time: claims.iat }),
  userInfo: (claims) => ({ ...claims, zoneinfo: null, locale: 'en_US', updated_at: 1796025058, address: {} }),
  metadata: (metadata) => ({ ...metadata, request_object_signing_alg_values_supported: ['HS256', 'RS256'], device_authorization_endpoint: null }),
};

/** https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference and optional-claims-reference: no `email_verified`, in its
 * place the optional claim `xms_edov`; `oid`, `tid`, `upn`; members of its own in the metadata; keys without `alg`, with `x5c` and
 * `issuer`; https://learn.microsoft.com/azure/active-directory/azuread-dev/v1-protocols-oauth-code: seconds as text. */
const entra = {
  path: '/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
  refresh: 'always',
  metadata: (metadata) => ({
    ...metadata,
    tenant_region_scope: null,
    cloud_instance_name: 'microsoftonline.com',
    cloud_graph_host_name: 'graph.windows.net',
    rbac_url: 'https://pas.windows.net',
    frontchannel_logout_supported: 'true',
    response_types_supported: undefined,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic', 'self_signed_tls_client_auth'],
  }),
  keys: (keys) => keys.map(({ alg, ...key }) => ({ ...key, x5c: ['MIIC/jCCAeagAwIBAgI'], issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' })),
  idToken: ({ email_verified, ...claims }) => ({
    ...claims, ...(email_verified && { xms_edov: '1' }), oid: '00000000-0000-0000-66f3-3332eca7ea81', tid: '9188040d', upn: claims.email, ver: '2.0', acct: 0,
  }),
  userInfo: ({ email_verified, ...claims }) => ({ ...claims, picture: 'https://graph.microsoft.com/v1.0/me/photo/$value' }),
  tokens: (answer) => ({ ...answer, expires_in: '3599', ext_expires_in: '3599', not_before: '1796025058' }),
};

/** https://www.keycloak.org/docs/latest/server_admin: realms in the path, `azp` beside audiences that mappers add ("account"), a key for
 * encryption beside the one that signs, members of its own in the answer of the token endpoint, an empty `address`. */
const keycloak = {
  path: '/realms/acme',
  refresh: 'always',
  rotates: false,
  keys: (keys) => [{ ...keys[0], kid: 'for-encryption', use: 'enc', alg: 'RSA-OAEP' }, ...keys],
  idToken: (claims) => ({ ...claims, aud: ['buildkeep', 'account'], azp: 'buildkeep', address: {}, typ: 'ID', acr: '1', realm_access: { roles: [] } }),
  tokens: (answer) => ({ ...answer, 'not-before-policy': 0, session_state: '3f0a', refresh_expires_in: 1800, token_type: 'bearer' }),
};

/** https://docs.goauthentik.io/add-secure-apps/providers/oauth2: a path for every application, with a slash at its end; `groups`; refresh
 * tokens for those who ask for `offline_access`. */
const authentik = {
  path: '/application/o/buildkeep/',
  refresh: 'always',
  idToken: (claims) => ({ ...claims, groups: ['authentik Admins'], nickname: 'zoe', acr: 'goauthentik.io/providers/oauth2/default', amr: 'pwd', uid: 7 }),
};

/** https://www.authelia.com/integration/openid-connect/openid-connect-1.0-claims: the ID token tells nothing about the person; UserInfo does,
 * `alt_emails` among it. A client that was not given `offline_access` must not ask for it: `invalid_scope`. */
const authelia = {
  refresh: 'refused',
  metadata: (metadata) => ({ ...metadata, scopes_supported: ['offline_access', 'openid', 'profile', 'groups', 'email'] }),
  idToken: (claims) => ({ ...claims, ...thin, azp: 'buildkeep', amr: ['pwd'], rat: claims.iat, jti: 'b2f6' }),
  userInfo: (claims) => ({ ...claims, alt_emails: [], groups: null, rat: 1796025058 }),
};

/** https://zitadel.com/docs/apis/openidoauth/claims: audiences are all applications of the project and the project, with `azp`; the ID token is
 * thin; https://zitadel.com/docs/guides/manage/console/default-settings: keys are rotated. */
const zitadel = {
  refresh: 'always',
  idToken: (claims) => ({ ...claims, ...thin, aud: ['buildkeep', 'sibling@project', '69234230193872955'], azp: 'buildkeep', client_id: 'buildkeep' }),
  userInfo: (claims) => ({ ...claims, locale: null, updated_at: 1796025058, 'urn:zitadel:iam:org:project:roles': { admin: { 1: 'acme' } } }),
};

/** https://jumpcloud.com/support/sso-with-oidc: clients show who they are in the form, refresh tokens have to be switched on;
 * https://github.com/knadh/listmonk/issues/2237: the issuer ends with a slash, `email_verified` is a text, `picture` is "none". */
const jumpcloud = {
  path: '/',
  auth: 'client_secret_post',
  refresh: 'never',
  metadata: (metadata) => ({ ...metadata, token_endpoint_auth_methods_supported: ['client_secret_post'] }),
  idToken: (claims) => ({
    ...claims, aud: ['buildkeep'], email_verified: claims.email_verified === undefined ? undefined : String(claims.email_verified), picture: 'none', rat: claims.iat, member_of: [], middle_name: '',
  }),
};

export const profiles = { plain, google, auth0, okta, entra, keycloak, authentik, authelia, zitadel, jumpcloud };
