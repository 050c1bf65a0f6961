// Where the next page of a declared API stands, and how it is asked for.
import type { JsonPaging } from '../pipeline/pipeline.js';
import { HttpProblem, NO_PAGE } from './http-failure.js';
import { valueAt } from './json-path.js';
import { isObject, type Json, textOf } from './json-text.js';
import type { Position } from './page.js';

/** One answer, as far as it tells where to go on. */
export interface Answered {
  readonly page: Json;
  /** Elements on it, of the first list on the way to its lines. */
  readonly count: number;
  /** Of the answer, `Link`. */
  readonly link: string | null;
  /** Where this page stands. */
  readonly position: Position;
  readonly url: URL;
}

/** Null: this was the last page. */
export function nextOf(paging: JsonPaging, answered: Answered): Position {
  const { page, count, position } = answered;
  switch (paging.kind) {
    case 'none':
      return null;
    case 'cursor':
      return cursorAfter(page, paging);
    case 'number': {
      const number = position === null ? paging.first : Number(position);
      return hasMore(page, count, number - paging.first + 1, paging) ? String(number + 1) : null;
    }
    case 'offset':
      return hasMore(page, count, 0, { ...paging, pages: null }) ? String(Number(position ?? '0') + count) : null;
    case 'link':
      return linkAfter(answered, paging.next);
    default:
      return paging satisfies never;
  }
}

/** The parameter for a page, or null: its address says all. */
export function parameterOf(paging: JsonPaging, position: Position): readonly [name: string, value: string | number] | null {
  switch (paging.kind) {
    case 'none':
    case 'link':
      return null;
    case 'cursor':
      return position === null ? null : [paging.param, position];
    case 'number':
      return [paging.param, position === null ? paging.first : Number(position)];
    case 'offset':
      return [paging.param, Number(position ?? '0')];
    default:
      return paging satisfies never;
  }
}

function cursorAfter(page: Json, { next, more }: { readonly next: string; readonly more: string | null }): Position {
  const cursor = textOf(valueAt(page, next));
  if (more === null) return cursor;
  const isMore = flagAt(page, more);
  if (isMore && cursor === null) throw new HttpProblem('the page says that there are more, and not where', NO_PAGE);
  return isMore ? cursor : null;
}

/** Where nothing says how many pages there are, the one without lines is the last: a server may have its own idea of how many fit. */
function hasMore(
  page: Json,
  count: number,
  pagesSoFar: number,
  { more, pages }: { readonly more: string | null; readonly pages: string | null },
): boolean {
  const isMore = pages === null ? (more === null ? count > 0 : flagAt(page, more)) : pagesSoFar < numberAt(page, pages);
  if (isMore && count === 0) throw new HttpProblem('the page has no lines, and says that there are more', NO_PAGE);
  return isMore;
}

function flagAt(page: Json, path: string): boolean {
  const flag = textOf(valueAt(page, path));
  if (flag === 'true' || flag === 'false') return flag === 'true';
  throw new HttpProblem(`the page does not say at \`${path}\` whether there are more`, NO_PAGE);
}

function numberAt(page: Json, path: string): number {
  const number = textOf(valueAt(page, path));
  if (number !== null && /^\d{1,9}$/.test(number)) return Number(number);
  throw new HttpProblem(`the page does not say at \`${path}\` how many there are`, NO_PAGE);
}

function linkAfter({ page, link, url }: Answered, next: string | null): Position {
  const address = next === null ? linked(link ?? '') : textOf(valueAt(page, next));
  if (address === null) return null;
  if (URL.canParse(address, url.href)) return new URL(address, url).href;
  throw new HttpProblem('the page names a next one whose address cannot be read', NO_PAGE);
}

/** `<https://…?page=2>; rel="next", <…>; rel="last"` (RFC 8288) */
function linked(header: string): string | null {
  const links = header.matchAll(/<([^>]*)>([^<]*)/g);
  return [...links].find(([, , about = '']) => /;\s*rel\s*=\s*"?(?:[^";]*\s)?next(?=[\s";,]|$)/i.test(about))?.[1] ?? null;
}

/** Does the declaration say where the end is? Else that there is no way on may be a way that was not found. */
export function saysItsEnd(paging: JsonPaging): boolean {
  return ('more' in paging && paging.more !== null) || ('pages' in paging && paging.pages !== null);
}

/** What says that there are more pages, at the top of a page or one object deeper: a name, or null. */
export function moreSaid({ page, link }: Answered): string | null {
  if (linked(link ?? '') !== null) return 'Link';
  if (!isObject(page)) return null;
  const deeper = Object.entries(page).flatMap(([name, value]) => (isObject(value) ? [[`${name}.`, value] as const] : []));
  for (const [within, object] of [['', page] as const, ...deeper]) {
    const flag = MORE.find((each) => textOf(object[each]) === 'true');
    if (flag !== undefined) return `${within}${flag}`;
    const name = NEXT.find((each) => !['', null].includes(textOf(object[each])));
    if (name !== undefined) return `${within}${name}`;
  }
  return null;
}

/** An error that is told as an answer without lines: `success` false, or an error that is something. */
export function isErrorSaid(page: Json): boolean {
  if (!isObject(page)) return false;
  if (textOf(page['success']) === 'false') return true;
  const isSomething = (value: Json | undefined): boolean =>
    Array.isArray(value) ? value.length > 0 : isObject(value) || !['', 'false', '0', null].includes(textOf(value));
  return isSomething(page['error']) || isSomething(page['errors']);
}

const MORE = ['has_more', 'hasMore', 'more'];
const NEXT = [
  'next',
  'next_page',
  'next_cursor',
  'next_page_token',
  'nextPageToken',
  'nextPage',
  'nextCursor',
  'nextToken',
  'next_token',
];
