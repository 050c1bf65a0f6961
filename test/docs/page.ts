// A page of the documentation as data: headings, links, and blocks of code with what the page says of them in comments.
import { readFileSync } from 'node:fs';
import GithubSlugger from 'github-slugger';
import { lexer, type Token, walkTokens } from 'marked';

export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
  /** Why nobody runs it: `<!-- not run: reason -->` right before the block. Null where it runs. */
  readonly leftOut: string | null;
  /** What it prints: a block of `text` right behind it. Null where the page shows none. */
  readonly shown: string | null;
}

export interface Page {
  readonly path: string;
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly string[];
  /** Code within text, like `showback run --force`. */
  readonly code: readonly string[];
  readonly blocks: readonly Block[];
  /** `<!-- run in: place -->`; where nothing is said, the place that the tutorial leaves. */
  readonly place: string;
}

export function readPage(root: string, path: string): Page {
  return parsePage(path, readFileSync(`${root}/${path}`, 'utf8'));
}

export function parsePage(path: string, text: string): Page {
  const tokens = lexer(text);
  const slugger = new GithubSlugger();
  const anchors = new Set<string>();
  const links: string[] = [];
  const code: string[] = [];
  void walkTokens(tokens, (token) => {
    if (token.type === 'heading') anchors.add(slugger.slug(plainText({ tokens: token.tokens ?? [] })));
    if (token.type === 'link' || token.type === 'image') links.push(String((token as { readonly href?: unknown }).href));
    if (token.type === 'codespan') code.push(String((token as TokenWithText).text));
  });
  const [, place = 'tutorial'] = /<!-- run in: (.+?) -->/.exec(text) ?? [];
  return { path, anchors, links, code, blocks: blocksOf(tokens), place };
}

interface TokenWithText {
  readonly text?: string;
  readonly tokens?: readonly Token[];
}

/** A heading without its marks: GitHub makes the anchor of what is read. */
function plainText({ text = '', tokens }: TokenWithText): string {
  return tokens === undefined ? text : tokens.map((token) => plainText(token as TokenWithText)).join('');
}

function blocksOf(tokens: readonly Token[]): readonly Block[] {
  const seen = tokens.filter((token) => token.type !== 'space');
  let line = 1;
  const lines = new Map<Token, number>();
  for (const token of tokens) {
    lines.set(token, line);
    line += token.raw.split('\n').length - 1;
  }
  return seen.flatMap((token, index) => {
    if (token.type !== 'code') return [];
    const next = seen[index + 1];
    return [
      {
        language: languageOf(token),
        text: String(token['text']),
        line: lines.get(token) ?? 0,
        leftOut: reasonIn(seen[index - 1]),
        shown: next?.type === 'code' && languageOf(next) === 'text' ? String(next['text']) : null,
      },
    ];
  });
}

function languageOf(token: Token): string {
  return String((token as { readonly lang?: string }).lang ?? '');
}

function reasonIn(token: Token | undefined): string | null {
  if (token?.type !== 'html') return null;
  return /<!-- not run:(.*?)-->/.exec(token.raw)?.[1]?.trim() ?? null;
}
