// Secrets that are known by how they look, wherever they stand. What is left in front of the stars says of which kind it was.

/** Tokens of well-known services: a beginning that stays, and a rest that goes. */
const TOKENS = new RegExp(`(?<![A-Za-z0-9])(?:${[
  'bk[a-z]+_(?=[0-9A-Za-z]{20})', // Buildkeep
  'gh[opsur]_(?=[A-Za-z0-9]{20})', 'github_pat_(?=[A-Za-z0-9_]{20})',
  'gl(?:pat|oas|dt|rt|cbt|ptt|ft|agent|soat|imt|ffct|wt)-(?=[\\w-]{16})',
  '(?:AKIA|ASIA|ABIA|ACCA)(?=[A-Z0-9]{16}(?![A-Za-z0-9]))', // Amazon
  'xox[a-z]-(?=[\\w-]{10})', 'xapp-(?=[\\w-]{10})', // Slack
  'npm_(?=[A-Za-z0-9]{30})', 'pypi-(?=[\\w-]{16})', 'dckr_pat_(?=[\\w-]{16})', 'oy2(?=[a-z0-9]{43}(?![a-z0-9]))',
  '[sr]k_(?:live|test)_(?=[A-Za-z0-9]{10})', 'whsec_(?=[A-Za-z0-9+/=]{16})', // Stripe
  'sk-(?=[A-Za-z0-9_-]{20})', 'hf_(?=[A-Za-z0-9]{20})',
  'AIza(?=[\\w-]{35})', 'ya29\\.(?=[\\w-]{20})', 'GOCSPX-(?=[\\w-]{20})', // Google
  'do[opr]_v1_(?=[a-f0-9]{32})', 'SG\\.(?=[\\w-]{16,}\\.[\\w-]{16})', 'key-(?=[0-9a-f]{32}(?![0-9a-f]))', 'shp(?:at|ss|ca|pa)_(?=[a-fA-F0-9]{32})',
  'glsa_(?=[A-Za-z0-9]{32})', 'lin_api_(?=[A-Za-z0-9]{32})', 'ATATT3(?=[\\w=-]{20})', 'rubygems_(?=[a-f0-9]{32})', 'hvs\\.(?=[\\w-]{20})',
  'sntrys_(?=[\\w+/=-]{20})', 'dop?_pat_(?=[\\w-]{20})', 'nxc_(?=[\\w-]{20})', 'AGE-SECRET-KEY-1(?=[A-Z0-9]{30})',
  'eyJ(?=[\\w-]{6,}\\.[\\w-]{6,})', // JSON Web Tokens
  'https://hooks\\.slack\\.com/services/(?=[\\w/]{20})', 'https://(?:\\w+\\.)?discord(?:app)?\\.com/api/webhooks/\\d+/(?=[\\w-]{20})',
].join('|')})`, 'g');
/** All that belongs to a token behind its beginning. */
const REST = /[\w.+/=-]+/y;

const PEM = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY[A-Z ]*)-----(?:(?!-----)[\s\S])*(?:-----END [A-Z0-9 ]+-----)?/g;
const WHOLE_PEM = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY[A-Z ]*)-----(?:(?!-----)[\s\S])*-----END [A-Z0-9 ]+-----/g;

/** Hides tokens and private keys. Of a text that may go on, a key is hidden only when its end is there. */
export function hideShapes(text: string, hidden: string, goesOn = false): string {
  let shown = '';
  let at = 0;
  TOKENS.lastIndex = 0;
  for (let found = TOKENS.exec(text); found; found = TOKENS.exec(text)) {
    const from = found.index + found[0].length;
    REST.lastIndex = from;
    REST.test(text);
    const to = Math.max(from, REST.lastIndex);
    // The end of a sentence is none of the token.
    const end = text[to - 1] === '.' ? to - 1 : to;
    shown += text.slice(at, from) + hidden;
    at = end;
    TOKENS.lastIndex = end;
  }
  shown += text.slice(at);
  return shown.replace(goesOn ? WHOLE_PEM : PEM, `-----BEGIN $1-----${hidden}`);
}
