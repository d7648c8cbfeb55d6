// Texts of others are cut and sent here, and nowhere else: between characters, and without half ones, which no JSON reader takes.

// Some builds of Node.js have no Intl.
const segmenter = typeof Intl === 'object' && 'Segmenter' in Intl ? new Intl.Segmenter('en', { granularity: 'grapheme' }) : undefined;
/** UTF-16 units behind a cut that are looked at: no character that people write is longer. */
const LONGEST_CHARACTER = 100;

/** The same text, with U+FFFD in place of halves of surrogate pairs. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\uFFFD');

/** The longest start of `text` that has at most so many UTF-16 units and ends between characters, as people count them. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return wellFormed(text);
  const seen = wellFormed(text.slice(0, most + LONGEST_CHARACTER));
  const end = segmenter?.segment(seen).containing(most)?.index;
  // What is one character without an end is cut between code points.
  return end ? seen.slice(0, end) : wellFormed(seen.slice(0, most).replace(/[\uD800-\uDBFF]$/, ''));
}

/** JSON that every reader takes: JSON.stringify writes half a surrogate pair as an escape that most refuse. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value).replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (escape) => (escape === '\\\\' ? escape : '\\ufffd'));
