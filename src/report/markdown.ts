// Pieces of the generated pages.

/** A page made from `source`, with a line that says so to whoever would edit it. */
export function page(source: string, parts: readonly string[]): string {
  return `<!-- Made from ${source} by \`showback docs\`; change it there. -->\n\n${parts.join('\n\n')}\n`;
}

export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text as a cell can hold it. Outside of code `<x>` would be a tag of HTML. */
export function cellText(text: string): string {
  const parts = text.replaceAll('|', '\\|').replace(/\s+/g, ' ').split('`');
  return parts.map((part, at) => (at % 2 === 0 ? part.replaceAll('<', '&lt;') : part)).join('`');
}

/** A block of text as it is, whatever backticks are in it. */
export function block(text: string, language = 'text'): string {
  const longest = [...text.matchAll(/`{3,}/g)].reduce((most, [ticks]) => Math.max(most, ticks.length), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
