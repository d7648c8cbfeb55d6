// Yes and no, as people write them in environments, .env files and nx.json.

const YES = new Set(['true', 't', 'yes', 'y', 'on', '1', 'enable', 'enabled']);
const NO = new Set(['false', 'f', 'no', 'n', 'off', '0', 'disable', 'disabled', 'never', 'none']);

/** What a switch says; `unclear` when it is neither a yes nor a no, undefined when it is not set. An empty one is not set. */
export type Said = boolean | 'unclear' | undefined;

/** Reads one switch. Quotes around it, as `docker run --env-file` leaves them, say nothing. */
export function said(value: unknown): Said {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  const word = String(value).trim().replace(/^(["'])(.*)\1$/s, '$2').trim().toLowerCase();
  if (word === '') return undefined;
  return YES.has(word) ? true : NO.has(word) ? false : 'unclear';
}

/** Whether a variable that others define is set to a yes: what is not understood is none. */
export const isOn = (value: unknown): boolean => said(value) === true;
