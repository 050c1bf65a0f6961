// The pages of one landed file: answers of an API as they came, one or many, pulled or delivered.
import { open } from 'node:fs/promises';
import type { Day } from '../kernel/period.js';
import { isObject, type Json, parseDocuments, textOf } from './json-text.js';
import { unusable } from './landed-text.js';
import type { Span } from './pulled-units.js';
import type { LandedFile } from './source.js';

export interface LandedPages {
  readonly pages: readonly Json[];
  /** The days that were asked for; null: the file does not say. */
  readonly asked: Span | null;
}

/** What a pulled file holds: the answers as they came, and what they answer. */
export function pulledText(pages: readonly string[], { from, to }: Span): string {
  return `{"asked":${JSON.stringify({ from, to })},"pages":[\n${pages.join(',\n')}\n]}\n`;
}

/** The end of the days that a pulled file answers, from how it begins; null where it does not begin so. */
export async function askedThrough(file: string): Promise<Day | null> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(80), 0, 80, 0);
  return /^\{"asked":\{"from":"[\d-]{10}","to":"([\d-]{10})"\}/.exec(buffer.toString('utf8', 0, bytesRead))?.[1] ?? null;
}

/** `isList`: a page is a list itself; otherwise a list is one of pages. */
export function pagesIn(
  text: string,
  file: LandedFile,
  { isPulled, isList, what = 'costs' }: { readonly isPulled: boolean; readonly isList: boolean; readonly what?: string },
): LandedPages {
  if (text.trim() === '')
    throw unusable('unavailable', file, `is empty: an answer without ${what} still has a page`, 'pull it again');
  const documents = documentsOf(text, file);
  if (isPulled) return pulledPages(documents[0], file);
  const isPages = (document: Json): document is readonly Json[] => !isList && Array.isArray(document);
  return { pages: documents.flatMap((document) => (isPages(document) ? document : [document])), asked: null };
}

function pulledPages(document: Json | undefined, file: LandedFile): LandedPages {
  const asked = isObject(document) ? document['asked'] : undefined;
  const pages = isObject(document) ? document['pages'] : undefined;
  const from = isObject(asked) ? textOf(asked['from']) : null;
  const to = isObject(asked) ? textOf(asked['to']) : null;
  if (from === null || to === null || !Array.isArray(pages))
    throw unusable('unavailable', file, 'is no file of pulled pages', 'remove its line from the index of landing, and run again');
  return { pages: pages as readonly Json[], asked: { from, to } };
}

function documentsOf(text: string, file: LandedFile): readonly Json[] {
  try {
    return parseDocuments(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(
      'unavailable',
      file,
      error instanceof RangeError ? 'is nested too deeply to be an answer of the API' : `is cut or not JSON: ${reason}`,
      'pull it again; write it aside and rename it when it is whole',
    );
  }
}
