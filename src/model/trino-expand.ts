// Macros written out: a call becomes the body of its macro, with the texts of the arguments in place of the parameters.
import { Failure } from '../kernel/failure.js';
import { isToken, placeOf, type Token, unquoted } from './sql-text.js';
import type { TrinoMacro, TrinoMacros } from './trino-macros.js';

export interface Expansion {
  readonly macros: TrinoMacros;
  readonly tableName: (layer: string, table: string) => string;
}

/** One text that is being written: a model, or the body of a macro with what its parameters stand for. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  /** What is written in place of the token at `index`, and where to go on; null: the token itself. */
  readonly replace: (index: number, range: Range) => Replacement | null;
  /** Macros that this text is written for, outermost first. */
  readonly within: readonly string[];
}

interface Replacement {
  readonly text: string;
  readonly next: number;
}

interface Argument {
  readonly text: string;
  /** Binds as one whole wherever it stands. */
  readonly isOne: boolean;
}

type Range = readonly [from: number, to: number];

/** The text of some tokens, with all between them as it was written. */
export function write(source: Source, range: Range, rules: Expansion): string {
  const [from, to] = range;
  const { text, tokens } = source;
  let out = '';
  let end = tokens[from]?.at ?? 0;
  for (let index = from; index < to; ) {
    const token = tokens[index];
    if (token === undefined) break;
    const { text: written, next } = source.replace(index, range) ??
      expand(source, index, range, rules) ?? { text: token.text, next: index + 1 };
    out += text.slice(end, token.at) + written;
    const last = tokens[next - 1] ?? token;
    end = last.at + last.text.length;
    index = next;
  }
  return out;
}

/** A call of a macro: its body, with the arguments in place of the parameters. */
function expand(source: Source, index: number, range: Range, rules: Expansion): Replacement | null {
  const token = source.tokens[index];
  if (token?.kind !== 'word' || !isToken(source.tokens[index + 1], '(') || isToken(source.tokens[index - 1], '.')) return null;
  const macro = rules.macros.byName.get(token.text.toLowerCase());
  if (macro === undefined) return null;
  const close = closing(source.tokens, index + 1);
  const ranges = argumentsIn(source.tokens, [index + 2, close]);
  if (ranges.length !== macro.parameters.length || source.within.includes(macro.name)) throw misused(source, token, macro);
  const given = new Map(
    macro.parameters.map((name, at) => [name, argumentOf(source, ranges[at] ?? [0, 0], macro, rules)] as const),
  );
  const { file, text } = rules.macros;
  const body: Source = {
    file,
    text,
    tokens: macro.body,
    replace: (at, part) => parameterAt(macro, at, part, given),
    within: [...source.within, macro.name],
  };
  const written = write(body, [0, macro.body.length], rules);
  const bare =
    isWhole(macro.body, [0, macro.body.length]) || (macro.kind === 'scalar' && isAlone(source.tokens, [index, close + 1], range));
  return { text: bare ? written : `(${written})`, next: close + 1 };
}

function parameterAt(macro: TrinoMacro, index: number, range: Range, given: ReadonlyMap<string, Argument>): Replacement | null {
  const token = macro.body[index];
  const argument = isToken(token, 'QUERY_TABLE') ? macro.body[index + 2] : token;
  const found = argument?.kind === 'word' ? given.get(argument.text.toLowerCase()) : undefined;
  if (found === undefined) return null;
  const { text, isOne } = found;
  if (argument !== token) return { text, next: index + 4 };
  const isName =
    isToken(macro.body[index - 1], '.') || isToken(macro.body[index + 1], '.') || isToken(macro.body[index + 1], '(');
  return isName ? null : { text: isOne || isAlone(macro.body, [index, index + 1], range) ? text : `(${text})`, next: index + 1 };
}

function argumentOf(source: Source, range: Range, macro: TrinoMacro, rules: Expansion): Argument {
  if (macro.kind === 'table') return { text: tableOf(source, range, macro, rules), isOne: true };
  return { text: write(source, range, rules), isOne: isWhole(source.tokens, range) };
}

function tableOf(source: Source, range: Range, macro: TrinoMacro, rules: Expansion): string {
  const first = source.tokens[range[0]];
  if (first?.kind !== 'string' || range[1] - range[0] !== 1) throw misused(source, first, macro);
  const [table = '', layer] = unquoted(first.text, "'").split('.').toReversed();
  return layer === undefined ? `"${table}"` : rules.tableName(layer, table);
}

/**
 * Does a comma or parenthesis of the same text stand on both sides, so that nothing else can bind to a part of it? `CAST(… AS` is such
 * a side. The whole of an argument is never alone: where its macro puts it, other things stand beside it.
 */
function isAlone(tokens: readonly Token[], [from, to]: Range, [first, last]: Range): boolean {
  const [before, after] = [tokens[from - 1], tokens[to]];
  if (from === first || to === last) return false;
  return (isToken(before, '(') || isToken(before, ',')) && [',', ')', 'AS'].some((text) => isToken(after, text));
}

/** Can something stand before or after it without binding to a part of it: one token, a name, one call, or one parenthesis? */
function isWhole(tokens: readonly Token[], [from, to]: Range): boolean {
  const names = tokens.slice(from, to).every((token, at) => (at % 2 === 1 ? token.text === '.' : token.kind !== 'symbol'));
  if (names && (to - from) % 2 === 1) return true;
  const open = isToken(tokens[from], '(') ? from : from + 1;
  const isCall = tokens[from]?.kind === 'word' && !isToken(tokens[from], 'NOT') && !isToken(tokens[from], 'EXISTS');
  if (open > from && !isCall) return false;
  return isToken(tokens[open], '(') && closing(tokens, open) === to - 1;
}

/** The index of the parenthesis that closes the one at `open`; the end of the text where none does. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    if (isToken(tokens[index], '(') || isToken(tokens[index], '[')) depth += 1;
    if (isToken(tokens[index], ')') || isToken(tokens[index], ']')) depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length;
}

function argumentsIn(tokens: readonly Token[], [from, to]: Range): readonly Range[] {
  if (from === to) return [];
  const ranges: Range[] = [];
  let start = from;
  for (let index = from; index < to; index += 1) {
    if (isToken(tokens[index], '(') || isToken(tokens[index], '[')) index = closing(tokens, index);
    else if (isToken(tokens[index], ',')) {
      ranges.push([start, index]);
      start = index + 1;
    }
  }
  return [...ranges, [start, to]];
}

function misused(source: Source, token: Token | undefined, macro: TrinoMacro): Failure {
  const form = `${macro.name}(${macro.parameters.join(', ')})`;
  const message = source.within.includes(macro.name)
    ? `${macro.name} calls itself`
    : `${macro.name} is called otherwise than ${form}`;
  const remedy = macro.kind === 'table' ? `write ${form} with names of tables as texts` : `write ${form}`;
  return new Failure('user', [
    { code: 'model/trino-macro', message, remedy, place: placeOf(source.file, source.text, token?.at ?? 0) },
  ]);
}
