// How wide a text stands in a terminal, and text from data made safe to print: a customer's name must not move the cursor.

const SEGMENTS = new Intl.Segmenter('en', { granularity: 'grapheme' });
const NARROW = /^[\u0020-\u007e\u00a0-\u02ff\u0370-\u058f]*$/;
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1b000}-\u{1b2ff}]|[\u{1f200}-\u{1f2ff}]|[\u{20000}-\u{3fffd}])/u;
const EMOJI = /^\p{Emoji_Presentation}|^\p{Emoji}\ufe0f|^\p{Regional_Indicator}{2}/u;
const ZERO = /^[\p{Mark}\p{Format}]+$/u;
// Controls, and the marks that turn the direction of what follows.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const STYLE = /\u001b\[[0-9;]*m/g;

/** Columns that the text takes. Styles take none. */
export function displayWidth(text: string): number {
  const bare = text.replace(STYLE, '');
  if (NARROW.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of SEGMENTS.segment(bare)) width += widthOf(segment);
  return width;
}

function widthOf(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0;
  return EMOJI.test(grapheme) || WIDE.test(grapheme) ? 2 : 1;
}

/** The text cut to at most `width` columns, with an ellipsis where something is missing. For text without styles. */
export function fitted(text: string, width: number, keep: 'start' | 'end' = 'start'): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return '';
  const graphemes = [...SEGMENTS.segment(text)].map(({ segment }) => segment);
  const kept: string[] = [];
  let used = 1;
  for (const grapheme of keep === 'start' ? graphemes : graphemes.reverse()) {
    used += widthOf(grapheme);
    if (used > width) break;
    kept.push(grapheme);
  }
  return keep === 'start' ? `${kept.join('')}…` : `…${kept.reverse().join('')}`;
}

/** Broken between words where it is wider; what follows the first line is indented. Styles take no room. */
export function wrapped(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined) lines.push(word);
    else if (displayWidth(line) + 1 + displayWidth(word) <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(indent + word);
  }
  return lines.join('\n');
}

/** Controls and direction marks spelled out: what is printed is what is there. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
