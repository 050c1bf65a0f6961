// A small company in memory: the base of the error corpus, with files replaced or added.
import { readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Problem } from '../../../src/kernel/failure.js';
import { Failure } from '../../../src/kernel/failure.js';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { readPipeline } from '../../../src/pipeline/read.js';

const BASE = new URL('../../../fixtures/errors/.base/company/', import.meta.url);

export type Files = Readonly<Record<string, string | Uint8Array>>;

export const COMPANY: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(BASE).map((name) => [name, readFileSync(new URL(name, BASE), 'utf8')]),
);

export function read(changes: Files = {}): Promise<Pipeline> {
  const files: Files = { ...COMPANY, ...changes };
  return readPipeline('/company/pipeline.yaml', {
    ratesDir: '/rates',
    readFile: async (path) => {
      const found = files[relative('/company', path)];
      if (found === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      return typeof found === 'string' ? new TextEncoder().encode(found) : found;
    },
  });
}

export async function problemsOf(changes: Files): Promise<readonly Problem[]> {
  try {
    await read(changes);
    return [];
  } catch (error) {
    if (error instanceof Failure) return error.problems;
    throw error;
  }
}

export async function codesOf(changes: Files): Promise<readonly string[]> {
  return (await problemsOf(changes)).map(({ code }) => code);
}

/** A file of the company with one text replaced. */
export function edit(file: string, from: string, to: string): Files {
  const text = COMPANY[file] ?? '';
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  return { [file]: text.replace(from, to) };
}
