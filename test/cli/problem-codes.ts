// Which problem codes the program can raise, read from its sources by a parser. What it follows: literals where something is
// called `code` (a property, a parameter, a variable), whatever else is written as a code of an area seen there, and functions
// that put an area before the code that they are handed. A choice that it cannot follow is told, never passed over.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface SourceText {
  readonly file: string;
  readonly text: string;
}

export interface FoundCodes {
  /** Every code with the first place that has it; `control/*` where the rest comes from data. */
  readonly codes: ReadonlyMap<string, string>;
  /** Places that choose a code in a way that cannot be followed. */
  readonly unread: readonly string[];
}

type Node = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>;

/** A function that is handed a code: at which argument, and the area that it puts before it. */
interface Taker {
  readonly name: string;
  readonly file: string;
  readonly isMethod: boolean;
  readonly isType: boolean;
  readonly at: number;
  readonly area: string;
}

interface Parsed extends SourceText {
  readonly nodes: readonly Node[];
  /** Local names and the files they come from. */
  readonly imports: ReadonlyMap<string, string>;
}

/** A code, or null where it cannot be followed. */
interface Choice {
  readonly code: string | null;
  readonly node: Node;
}

const CODE = /^([a-z][a-z0-9]*\/)[a-z0-9_-]+$/;
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'TSFunctionType']);

export function sourcesBelow(dir: string): readonly SourceText[] {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return names.sort().map((name) => ({ file: join(dir, name), text: readFileSync(join(dir, name), 'utf8') }));
}

export function problemCodes(sources: readonly SourceText[]): FoundCodes {
  const files = sources.map(parsed);
  const takers = takersOf(files);
  const found = files.flatMap((file) => [...choicesOf(file), ...callsOf(file, takers)].map((choice) => ({ file, ...choice })));
  const areas = new Set(found.flatMap(({ code }) => CODE.exec(code ?? '')?.[1] ?? []));
  const elsewhere = files.flatMap((file) => literalsOf(file, areas).map((choice) => ({ file, ...choice })));
  const codes = new Map<string, string>();
  const unread: string[] = [];
  for (const { code, node, file } of [...found, ...elsewhere]) {
    const place = placeOf(file, node);
    if (code === null) unread.push(place);
    else if (!codes.has(code)) codes.set(code, place);
  }
  return { codes, unread };
}

const PARSED = new WeakMap<SourceText, Parsed>();

function parsed(source: SourceText): Parsed {
  const known = PARSED.get(source) ?? parse(source);
  PARSED.set(source, known);
  return known;
}

function parse(source: SourceText): Parsed {
  const { program, module, errors } = parseSync(source.file, source.text);
  if (errors[0] !== undefined) throw new Error(`${source.file}: ${errors[0].message}`);
  const imports = new Map<string, string>();
  for (const { moduleRequest, entries } of module.staticImports) {
    const from = join(dirname(source.file), moduleRequest.value.replace(/\.js$/, '.ts'));
    for (const entry of entries) imports.set(entry.localName.value, from);
  }
  return { ...source, imports, nodes: below(program as unknown as Node) };
}

function below(node: Node): readonly Node[] {
  return [node, ...Object.values(node).flat().filter(isNode).flatMap(below)];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** What is called `code`: properties of objects, defaults of patterns, variables. */
function choicesOf(file: Parsed): readonly Choice[] {
  const members = (kind: string): readonly Node[] =>
    file.nodes
      .filter((node) => node.type === kind)
      .flatMap((node) => (node['properties'] as Node[]).filter((each) => nameIn(each['key']) === 'code'));
  const bound = new Set(
    members('ObjectPattern').flatMap(
      ({ value }) => nameIn(isNode(value) && value.type === 'AssignmentPattern' ? value['left'] : value) ?? [],
    ),
  );
  const given = members('ObjectExpression').flatMap(({ value }) => choicesIn(value as Node, bound));
  const defaults = members('ObjectPattern').flatMap(({ value }) =>
    isNode(value) && isNode(value['right']) ? choicesIn(value['right'], bound) : [],
  );
  return [...given, ...defaults];
}

function choicesIn(node: Node, bound: ReadonlySet<string>, area = ''): readonly Choice[] {
  if (node.type === 'ConditionalExpression')
    return [node['consequent'], node['alternate']].flatMap((each) => choicesIn(each as Node, bound, area));
  if (node.type === 'Literal')
    return [{ code: CODE.test(`${area}${String(node['value'])}`) ? `${area}${String(node['value'])}` : null, node }];
  // Handed on: chosen where it was named.
  if (node.type === 'MemberExpression' && nameIn(node['property']) === 'code') return [];
  const name = nameIn(node);
  if (name === 'code' || (name !== null && bound.has(name))) return [];
  if (node.type !== 'TemplateLiteral' || !CODE.test(`${textOf(node)}x`)) return [{ code: null, node }];
  return areaOf(node) === null ? [{ code: `${textOf(node)}*`, node }] : [];
}

/** Calls of the functions that are handed a code. */
function callsOf(file: Parsed, takers: readonly Taker[]): readonly Choice[] {
  return file.nodes
    .filter((node) => node.type === 'CallExpression')
    .flatMap((node) => {
      const taker = takers.find((each) => isCalled(each, node, file));
      if (taker === undefined) return [];
      const given = (node['arguments'] as readonly Node[])[taker.at];
      return given === undefined ? [] : choicesIn(given, new Set(), taker.area);
    });
}

function isCalled({ name, file, isMethod }: Taker, call: Node, from: Parsed): boolean {
  const callee = call['callee'] as Node;
  if (isMethod)
    return (
      callee.type === 'MemberExpression' &&
      (callee['property'] as Node).type === 'Identifier' &&
      nameIn(callee['property']) === name
    );
  if (callee.type !== 'Identifier' || spoken(nameIn(callee)) !== name) return false;
  return from.file === file || [...from.imports].some(([local, source]) => spoken(local) === name && source === file);
}

function takersOf(files: readonly Parsed[]): readonly Taker[] {
  const takers = files.flatMap((file) => file.nodes.flatMap((node) => takerOf(node, file)));
  return takers.map((taker) => (taker.area === '' ? { ...taker, area: inheritedArea(taker, takers, files) } : taker));
}

/** `function f(code)`, `const f = (code) => …`, `f(code) {…}` in a class, `type F = (code) => …`. */
function takerOf(node: Node, file: Parsed): readonly Taker[] {
  const name = spoken(nameIn(node['id'] ?? node['key']));
  const made = [node, node['init'], node['value'], node['typeAnnotation']].filter(isNode).find(({ type }) => FUNCTIONS.has(type));
  const at = made === undefined ? -1 : positionOfCode(made);
  if (name === null || made === undefined || at < 0) return [];
  return [
    {
      name,
      file: file.file,
      isMethod: node.type === 'MethodDefinition',
      isType: made.type === 'TSFunctionType',
      at,
      area:
        below(made)
          .map(areaOf)
          .find((area) => area !== null) ?? '',
    },
  ];
}

function positionOfCode(made: Node): number {
  const { params } = made;
  return Array.isArray(params) ? params.findIndex((each: unknown) => nameIn(each) === 'code' && !isNumber(each as Node)) : -1;
}

/** The exit code of a process is called so too. */
function isNumber(parameter: Node): boolean {
  return below(parameter).some(({ type }) => type === 'TSNumberKeyword');
}

/** Of one that hands its code on: the area of the next. Of a type: that of the functions given for it, which have no name. */
function inheritedArea(taker: Taker, takers: readonly Taker[], files: readonly Parsed[]): string {
  const own = files.find(({ file }) => file === taker.file);
  const next = own?.nodes
    .filter((node) => node.type === 'CallExpression')
    .flatMap((call) =>
      takers.filter((each) => isCalled(each, call, own) && nameIn((call['arguments'] as Node[])[each.at]) === 'code'),
    );
  const area = next?.find((each) => each.area !== '')?.area;
  if (area !== undefined || !taker.isType) return area ?? '';
  const unnamed = files
    .filter(({ file }) => dirname(file) === dirname(taker.file))
    .flatMap(({ nodes }) => nodes.filter(({ type }) => type === 'CallExpression'))
    .flatMap((call) =>
      (call['arguments'] as Node[]).filter((each) => FUNCTIONS.has(each.type) && positionOfCode(each) === taker.at),
    );
  return (
    unnamed
      .flatMap(below)
      .map(areaOf)
      .find((each) => each !== null) ?? ''
  );
}

/** `config/` of the text `config/${code}`. */
function areaOf(node: Node): string | null {
  if (node.type !== 'TemplateLiteral') return null;
  const expressions = node['expressions'] as readonly Node[];
  return expressions.length === 1 && nameIn(expressions[0]) === 'code' && CODE.test(`${textOf(node)}x`) ? textOf(node) : null;
}

function textOf(template: Node): string {
  return (template['quasis'] as readonly { readonly value: { readonly raw: string } }[])[0]?.value.raw ?? '';
}

function nameIn(node: unknown): string | null {
  return isNode(node) && typeof node['name'] === 'string' ? node['name'] : null;
}

function spoken(name: string | null): string | null {
  return name === null ? null : name.charAt(0).toLowerCase() + name.slice(1);
}

/** Codes that stand where nothing says so, in a table for example. */
function literalsOf({ nodes }: Parsed, areas: ReadonlySet<string>): readonly Choice[] {
  return nodes.flatMap((node) => {
    const { value } = node;
    if (node.type !== 'Literal' || typeof value !== 'string') return [];
    return areas.has(CODE.exec(value)?.[1] ?? '') ? [{ code: value, node }] : [];
  });
}

export interface FoundKind {
  readonly code: string;
  /** What the failure is thrown as, where both are written in one expression. */
  readonly kind: string;
  readonly place: string;
}

/** Codes inside of a `new Failure('kind', …)`. */
export function failureKinds(sources: readonly SourceText[]): readonly FoundKind[] {
  return sources.map(parsed).flatMap((file) =>
    file.nodes
      .filter((node) => node.type === 'NewExpression' && nameIn(node['callee']) === 'Failure')
      .flatMap((node) => {
        const [kind, problems] = node['arguments'] as readonly (Node | undefined)[];
        if (kind?.type !== 'Literal' || problems === undefined) return [];
        const literals = below(problems).flatMap(({ type, value }) => (type === 'Literal' ? [String(value)] : []));
        return literals
          .filter((value) => CODE.test(value))
          .map((code) => ({ code, kind: String(kind['value']), place: placeOf(file, node) }));
      }),
  );
}

function placeOf({ file, text }: SourceText, { start }: Node): string {
  return `${file}:${text.slice(0, start).split('\n').length}`;
}
