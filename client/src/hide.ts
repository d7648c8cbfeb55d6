// Keeps secrets out of what is recorded of a command line: values whose name says that they are secret (or that
// maskedProperties in nx.json names), headers, users with passwords, and what looks like a secret by itself.
import { hideShapes } from './shapes_of_secrets.ts';

const HIDDEN = '***';
/** A command line within a command line, and so on. */
const DEEPEST = 4;

/** Words in names whose values are never recorded, as `key` in `--api-key`, `apiKey` and `API_KEY`; README.md lists them. */
const SECRET = new Set(['token', 'password', 'passwd', 'passphrase', 'secret', 'key', 'apikey', 'credential', 'auth', 'otp', 'authorization', 'bearer', 'cookie', 'jwt', 'signature', 'dsn']);
/** The same, when nothing follows: `DB_PASS` is one, `--passWithNoTests` is none. */
const LAST = new Set(['pass', 'pwd', 'pat', 'sig', 'cred']);
/** The same without a mark between, as in `--githubtoken`. */
const ENDING = /(token|password|passwd|passphrase|secret|apikey)s?$/;
/** Arguments that take `user:password`. */
const PAIRS = new Set(['--user', '--proxy-user', '--userpwd', '--credentials', '--creds', '--basic']);
/** Programs whose short argument is a password: the program, the argument, whether the value may be joined to it. */
const PROGRAMS: [RegExp, string, boolean][] = [
  [/(?:^|[\\/])(?:mysql\w*|mariadb[\w-]*)(?:\.exe)?$/, '-p', true], [/(?:^|[\\/])sshpass$/, '-p', true], [/(?:^|[\\/])redis-cli$/, '-a', false],
  // `docker login -p`, `helm registry login -p`, `az login -p`.
  [/^login$/, '-p', false], [/(?:^|[\\/])curl(?:\.exe)?$/, '-b', false], [/(?:^|[\\/])(?:ldap(?:search|modify|add|whoami)|sqlcmd|bcp)$/, '-w', false], [/(?:^|[\\/])(?:sqlcmd|bcp)$/, '-P', true],
  [/(?:^|[\\/])(?:un)?zip$/, '-P', false], [/(?:^|[\\/])twine$/, '-p', false], [/(?:^|[\\/])codecov$/, '-t', false], [/(?:^|[\\/])vault$/, 'login', false], [/(?:^|[\\/])snyk$/, 'auth', false], [/(?:^|[\\/])7z\w?$/, '-p', true], [/(?:^|[\\/])mongo\w*$/, '-p', false],
];

/** Arguments that take a header, and programs that take headers as `Name:value`. */
const HEADERS = new Set(['-H', '--header', '--proxy-header']);
const HTTPIE = /^(?:https?|xhs?)$/;

/** A word of a shell: spaces within quotes belong to it. */
const WORD = /(?:"(?:\\.|[^"\\])*"?|'[^']*'?|\\.|[^\s"'\\])+/gs;
const QUOTED = /^(["'])(.*)\1$/s;
const ARGUMENT = /^(-{0,2})([^-=\s"'][^=\s"']*)(=?)(.*)$/s;
/** `--token:abc` and `/p:Password=abc`, as on Windows. */
const COLON = /^((?:--?|\/)[\w.-]{1,100}):(?!\/\/)(.+)$/s;
/** A header: its name, and its value up to the end of the line. */
const HEADER = /^([\w-]{1,100}):([ \t]+)(\S.*)$/gm;

/** What is left after all words were looked at, between quotes that do not fit. */
const LEFT = /([\w.-]{1,100})=(?!\*\*\*)[^\s"'&;]+/g;
/** Headers that give access, wherever they stand. */
const KNOWN_HEADER = /\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key|private-token|job-token|x-auth-token|x-vault-token|x-amz-security-token)(\\?["']?[ \t]{0,20}:(?:[ \t]|\\ |\\?["'])[ \t]{0,20})(?!\*\*\*)[^"'\r\n]+/gi;
const SCHEME = /\b(Bearer|Basic|Digest|Negotiate|ApiKey)(\\? {1,20})[\w.~+/=-]{6,}/g;
/** A member of an object as JSON, YAML or JavaScript write it: its quoted name, or a name behind a brace or at the start of a line. */
const MEMBER = /(\\{0,3}["']([\w.$-]{1,100})\\{0,3}["']\s{0,20}:\s{0,20}|[{,]\s{0,20}([\w.$-]{1,100})\s{0,20}:\s{0,20}|^[ \t]{0,100}([\w.$-]{1,100}):[ \t]{1,20})((\\{0,3}["'])(?:(?!(?<!\\)\6)[^\r\n])*(?:\6)?|[^\s,}\]"'\\{[][^\s,}\]"'\\]*)/gm;
/** The same, where an object or a list begins. */
const GROUP = /(?:\\{0,3}["']([\w.$-]{1,100})\\{0,3}["']|[{,]\s{0,20}([\w.$-]{1,100}))\s{0,20}:\s{0,20}(?=[[{])/g;
/** A password before the host of an address; a port is none. And for the web also a user alone, which is often a token. */
const PASSWORD_IN_URL = /([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"'?#]{0,500}:)(?!\d{1,5}(?:[/?#]|$))[^\s"']{0,2000}@/gi;
const USER_IN_URL = /(https?:\/\/)[^\s/:@"'?#]{1,500}@/gi;
/** An assignment in a program text. */
const ASSIGNED = /([\w.$-]{1,100})([ \t]{1,10}=[ \t]{0,10})(\\{0,3}["'])(?:(?!(?<!\\)\3)[^\r\n])*(?:\3)?/g;
/** `password:abc`: of names that no project has. */
const STRONG = /\b((?:password|passwd|passphrase|api[-_]?key|access[-_]?token|secret[-_]?key):)[^\s:/"'*,;&{}][^\s"',;&{}]*/gi;
const OPENSSL = /\b(pass:)[^\s"']+/g;

/** A line in which nx and package managers repeat a command before its output. */
const ECHO = /^((?:\x1b\[[0-9;]*m)*[>$](?:\x1b\[[0-9;]*m)*)([ \t].*|\x1b.*)$/gm;
const COLOUR = /\x1b\[[0-9;]*m/g;

const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** What the next word is: nothing special, a secret, `user:password`, or a header. */
type Next = 'free' | 'secret' | 'pair' | 'header';

export interface Hide {
  /** A command line, as one text. */
  words(words: string[]): string;
  line(text: string): string;
  /** What a task has written: known tokens go, and secrets in the commands that it repeats; the rest is the task's own. */
  log(text: string): string;
}

/** `user:***`. */
const pair = (value: string): string => value.replace(/^(["']?[^:%]*[:%]).+?(["']?)$/s, `$1${HIDDEN}$2`);
/** Several short arguments in one word, of which the last takes it: `-sSu`. */
const PAIRED = /^-[A-Za-z]{0,6}[uU]$/;

/** Hides secrets; `named` are further arguments whose values are. */
export function hiding(named: string[] = []): Hide {
  const also = new Set(named.map(bare));
  const isSecret = (name: string): boolean => {
    if (also.has(bare(name)) || name.split('.').some((part) => also.has(bare(part)))) return true;
    const parts = name.replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3 $2').toLowerCase().split(/[^a-z0-9]+/);
    const last = parts[parts.length - 1] ?? '';
    return LAST.has(last) || parts.some((part) => SECRET.has(part.replace(/s$/, '')) || ENDING.test(part));
  };

  /** Reads words one after the other. */
  function reader(depth: number): (word: string) => string {
    let next: Next = 'free';
    let short: (typeof PROGRAMS)[number][] = [];
    let httpie = false;
    let last = '';
    return (word) => {
      const before = next;
      next = 'free';
      if (before === 'secret' && !word.startsWith('--')) return HIDDEN;
      if (before === 'pair' && /[:%]/.test(word)) return pair(word);
      if (before === 'header' || (httpie && !word.includes('/'))) {
        const shown = headerIn(word);
        if (shown !== word) return shown;
      }
      if (/^(?:&&|\|\|?|;)$/.test(word)) [short, httpie] = [[], false];
      short.push(...PROGRAMS.filter(([name]) => name.test(word)));
      httpie ||= HTTPIE.test(word);
      // `npm config set //registry/:_authToken abc`
      const named = last === 'set' && !/[=\s]/.test(word) && isSecret(word);
      last = word;
      if (named || short.some(([, argument]) => argument === word)) next = 'secret';
      else if (PAIRED.test(word) || PAIRS.has(word) || (httpie && word === '-a')) next = 'pair';
      else if (HEADERS.has(word)) next = 'header';
      const joined = /[=:]/.test(word) ? undefined : short.find(([, argument, joins]) => joins && word.startsWith(argument) && word !== argument);
      if (joined) return `${joined[1]}${HIDDEN}`;
      const [shown, value] = step(word, depth);
      if (value) next = 'secret';
      return shown;
    };
  }

  const headers = (text: string) => text.replace(HEADER, (all, name: string, space: string) => (isSecret(name) ? `${name}:${space}${HIDDEN}` : all));

  /** The same where a header is expected: without a space behind its name, too. */
  const headerIn = (word: string) => word.replace(/^(["']?)([\w-]{1,100}):(\s*)\S.*?(["']?)$/s, (all, open: string, name: string, space: string, close: string) =>
    (isSecret(name) ? `${open}${name}:${space}${HIDDEN}${close}` : all));

  /** One word, and whether the next one is its value. */
  function step(word: string, depth: number): [text: string, next: boolean] {
    const quoted = QUOTED.exec(word);
    if (quoted) return [`${quoted[1]}${unquoted(quoted[2] as string, depth)}${quoted[1]}`, false];
    const glued = /^(-[uU])([^:=\s]+:.+)$/s.exec(word);
    if (glued) return [`${glued[1]}${pair(glued[2] as string)}`, false];
    const header = word.startsWith('-H') ? `-H${headerIn(word.slice(2))}` : headers(word);
    if (header !== word) return [header, false];
    const [, dashes = '', name = '', equals, value = ''] = ARGUMENT.exec(word) ?? [];
    if (equals && HEADERS.has(`${dashes}${name}`)) return [`${dashes}${name}=${headerIn(value)}`, false];
    if (equals && (PAIRS.has(`${dashes}${name}`) || PAIRED.test(`${dashes}${name}`)) && value.includes(':')) return [`${dashes}${name}=${pair(value)}`, false];
    if (equals) return [`${dashes}${name}=${isSecret(name) ? HIDDEN : valueOf(value, depth)}`, false];
    const [, before, after] = COLON.exec(word) ?? [];
    if (before && after && isSecret(before)) return [`${before}:${HIDDEN}`, false];
    if (dashes && !value) return [word, !name.startsWith('no-') && isSecret(name)];
    // One word for nx can be a whole line for a shell.
    return [/\s/.test(word) && depth === 0 ? inner(word, depth) : word, false];
  }

  /** Either one word with spaces in its value, or a header, or a line. */
  function unquoted(text: string, depth: number): string {
    const [, dashes, name = '', equals] = ARGUMENT.exec(text) ?? [];
    if (equals && isSecret(name)) return `${dashes}${name}=${HIDDEN}`;
    const header = headers(text);
    return header === text ? inner(text, depth) : header;
  }

  function valueOf(value: string, depth: number): string {
    const quoted = QUOTED.exec(value);
    return quoted ? `${quoted[1]}${unquoted(quoted[2] as string, depth)}${quoted[1]}` : inner(value, depth);
  }

  function inner(text: string, depth: number): string {
    return depth >= DEEPEST ? HIDDEN : text.replace(WORD, reader(depth + 1));
  }

  /** What belongs to a secret name goes up to the end of the line: where it ends cannot be told without reading all of it. */
  function groups(text: string): string {
    for (const found of text.matchAll(GROUP)) {
      if (!isSecret((found[1] ?? found[2]) as string)) continue;
      const from = found.index + found[0].length;
      const end = /[\r\n]/.exec(text.slice(from));
      return text.slice(0, from) + HIDDEN + (end ? groups(text.slice(from + end.index)) : '');
    }
    return text;
  }

  const wherever = (text: string) => groups(hideShapes(text, HIDDEN))
    .replace(LEFT, (all, name: string) => (isSecret(name) ? `${name}=${HIDDEN}` : all))
    .replace(MEMBER, (all, before: string, one?: string, two?: string, three?: string, _value?: string, quote = '') =>
      (isSecret((one ?? two ?? three) as string) ? `${before}${quote}${HIDDEN}${quote}` : all))
    .replace(ASSIGNED, (all, name: string, equals: string, quote: string) => (isSecret(name) ? `${name}${equals}${quote}${HIDDEN}${quote}` : all))
    .replace(KNOWN_HEADER, `$1$2${HIDDEN}`)
    .replace(SCHEME, `$1$2${HIDDEN}`).replace(OPENSSL, `$1${HIDDEN}`).replace(STRONG, `$1${HIDDEN}`)
    .replace(PASSWORD_IN_URL, `$1${HIDDEN}@`).replace(USER_IN_URL, `$1${HIDDEN}@`);
  const line = (text: string) => wherever(inner(text, 0));
  return {
    line,
    words: (words) => wherever(words.map(reader(0)).join(' ')),
    log: (text) => hideShapes(text.replace(ECHO, (all, begin: string, command: string) => {
      const plain = command.replace(COLOUR, '');
      const shown = line(plain);
      if (shown === plain) return all;
      return `${begin}${shown}${all.includes('\x1b') ? '\x1b[0m' : ''}`;
    }), HIDDEN, true),
  };
}
