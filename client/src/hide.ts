// Keeps secrets out of what is recorded of a command line: values of arguments whose name says that they are secret, or
// that maskedProperties in nx.json names.
const HIDDEN = '***';
/** A command line within a command line, and so on. */
const DEEPEST = 4;

/** Words in names whose values are never recorded, as `key` in `--api-key`, `apiKey` and `API_KEY`; README.md lists them. */
const SECRET = new Set(['token', 'password', 'passwd', 'passphrase', 'secret', 'key', 'apikey', 'credential', 'auth', 'otp']);
/** The same without a mark between, as in `--githubtoken`. */
const ENDING = /(token|password|passwd|passphrase|secret|apikey)s?$/;

/** A word of a shell: spaces within quotes belong to it. */
const WORD = /(?:"(?:\\.|[^"\\])*"?|'[^']*'?|\\.|[^\s"'\\])+/gs;
const QUOTED = /^(["'])(.*)\1$/s;
const ARGUMENT = /^(-{0,2})([^-=\s"'][^=\s"']*)(=?)(.*)$/s;
/** What is left after all words were looked at, between quotes that do not fit. */
const LEFT = /([\w.-]{1,100})=(?!\*\*\*)[^\s"'&;]+/g;
const OWN_TOKEN = /\b(bk[a-z]+_)[0-9A-Za-z]{20,}/g;
const PASSWORD_IN_URL = /([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]*:)[^\s/@]+@/gi;

/** A line in which nx and package managers repeat a command before its output. */
const ECHO = /^((?:\x1b\[[0-9;]*m)*>)(.*)$/gm;
const COLOUR = /\x1b\[[0-9;]*m/g;

const bare = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

export interface Hide {
  /** A command line, as one text. */
  words(words: string[]): string;
  line(text: string): string;
  /** What a task has written: our own tokens go, and secrets in the commands that it repeats; the rest is the task's own. */
  log(text: string): string;
}

/** Hides secrets; `named` are further arguments whose values are. */
export function hiding(named: string[] = []): Hide {
  const also = new Set(named.map(bare));
  const isSecret = (name: string): boolean => {
    if (also.has(bare(name)) || name.split('.').some((part) => also.has(bare(part)))) return true;
    const parts = name.replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3 $2').toLowerCase().split(/[^a-z0-9]+/);
    return parts.some((part) => SECRET.has(part.replace(/s$/, '')) || ENDING.test(part));
  };

  /** One word, and whether the next one is its value. */
  function step(word: string, isValue: boolean, depth: number): [text: string, next: boolean] {
    if (isValue && !word.startsWith('--')) return [HIDDEN, false];
    const quoted = QUOTED.exec(word);
    if (quoted) return [`${quoted[1]}${unquoted(quoted[2] as string, depth)}${quoted[1]}`, false];
    const [, dashes = '', name = '', equals, value = ''] = ARGUMENT.exec(word) ?? [];
    if (equals) return [`${dashes}${name}=${isSecret(name) ? HIDDEN : valueOf(value, depth)}`, false];
    if (dashes && !value) return [word, !name.startsWith('no-') && isSecret(name)];
    // One word for nx can be a whole line for a shell.
    return [/\s/.test(word) && depth === 0 ? inner(word, depth) : word, false];
  }

  /** Either one word with spaces in its value, or a line. */
  function unquoted(text: string, depth: number): string {
    const [, dashes, name = '', equals] = ARGUMENT.exec(text) ?? [];
    return equals && isSecret(name) ? `${dashes}${name}=${HIDDEN}` : inner(text, depth);
  }

  function valueOf(value: string, depth: number): string {
    const quoted = QUOTED.exec(value);
    return quoted ? `${quoted[1]}${unquoted(quoted[2] as string, depth)}${quoted[1]}` : inner(value, depth);
  }

  function inner(text: string, depth: number): string {
    if (depth >= DEEPEST) return HIDDEN;
    let next = false;
    return text.replace(WORD, (word) => {
      const [shown, value] = step(word, next, depth + 1);
      next = value;
      return shown;
    });
  }

  const wherever = (text: string) => text.replace(LEFT, (all, name: string) => (isSecret(name) ? `${name}=${HIDDEN}` : all))
    .replace(OWN_TOKEN, `$1${HIDDEN}`).replace(PASSWORD_IN_URL, `$1${HIDDEN}@`);
  return {
    words: (words) => {
      let next = false;
      return wherever(words.map((word) => {
        const [shown, value] = step(word, next, 0);
        next = value;
        return shown;
      }).join(' '));
    },
    line: (text) => wherever(inner(text, 0)),
    log: (text) => text.replace(ECHO, (all, begin: string, command: string) => {
      const shown = inner(command.replace(COLOUR, ''), 0);
      if (shown === command.replace(COLOUR, '')) return all;
      return `${begin}${shown}${all.includes('\x1b') ? '\x1b[0m' : ''}`;
    }).replace(OWN_TOKEN, `$1${HIDDEN}`),
  };
}
