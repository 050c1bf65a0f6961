// A YAML file as plain values, with the place of every one of them. Numbers keep their source text: `0.10` stays `0.10`.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { problem, quoted, type Report, SourceText, type Spot } from './text.js';

/** A number as written. It never becomes a JavaScript number on its way to money, a share or a quantity. */
export class Numeric {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Path = readonly (string | number)[];

const MAX_ALIASED_NODES = 2_000;
const MAX_DEPTH = 64;

export class YamlFile {
  readonly source: SourceText;
  readonly value: unknown;
  /** False where the text is not YAML at all: nothing that it should have said can be judged. */
  readonly readable: boolean;
  readonly #nodes: ReadonlyMap<string, Located>;
  readonly #pathOfItem = new WeakMap<object, Path>();

  constructor(name: string, text: string, report: Report) {
    this.source = new SourceText(name, text);
    const converter = new Converter(this.source, report);
    this.value = converter.value;
    this.readable = converter.readable;
    this.#nodes = converter.nodes;
  }

  /** The value at a path, or where it is missing, the nearest thing around it. */
  at(path: Path): Spot {
    const located = this.#nearestNode(path);
    return located === undefined ? this.source.at(0) : spotOf(this.source, located.value ?? located.key);
  }

  atKey(path: Path): Spot {
    const located = this.#nearestNode(path);
    return located === undefined ? this.source.at(0) : spotOf(this.source, located.key ?? located.value);
  }

  has(path: Path): boolean {
    return this.#nodes.has(keyOf(path));
  }

  /** The path as written, where a list of one entry may stand for the entry. */
  resolve(path: Path): Path {
    return path.reduce<Path>(
      (at, part) => (!this.has([...at, part]) && this.has([...at, 0, part]) ? [...at, 0, part] : [...at, part]),
      [],
    );
  }

  /** Remembers where an object that was made from this file came from. */
  remember<T extends object>(item: T, path: Path): T {
    this.#pathOfItem.set(item, path);
    return item;
  }

  /** Where an object given to `remember` came from, or a part of it. */
  of(item: object, ...part: Path): Spot {
    return this.at([...this.pathOf(item), ...part]);
  }

  pathOf(item: object): Path {
    return this.#pathOfItem.get(item) ?? [];
  }

  #nearestNode(path: Path): Located | undefined {
    for (let length = path.length; length >= 0; length--) {
      const located = this.#nodes.get(keyOf(path.slice(0, length)));
      if (located !== undefined) return located;
    }
    return undefined;
  }
}

/** Where brackets go too deep. The parser says where its stack ended, which is another place on every machine. */
function tooDeepAt(text: string): number {
  let depth = 0;
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > MAX_DEPTH) return index;
  }
  return 0;
}

interface Located {
  readonly key: Node | null;
  readonly value: Node | null;
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function spotOf(source: SourceText, node: Node | null): Spot {
  const range = node?.range;
  if (range === null || range === undefined) return source.at(0);
  const isText = isScalar(node);
  return source.at(range[0], isText ? range[1] - range[0] : 1);
}

class Converter {
  readonly nodes = new Map<string, Located>();
  readonly value: unknown;
  readonly readable: boolean;
  readonly #source: SourceText;
  readonly #report: Report;
  readonly #document: Document.Parsed;
  #aliased = 0;
  #refused = false;

  constructor(source: SourceText, report: Report) {
    this.#source = source;
    this.#report = report;
    this.#document = parseDocument(source.text, { prettyErrors: false, version: '1.2' });
    const errors: readonly YAMLError[] = [...this.#document.errors, ...this.#document.warnings];
    for (const error of errors.filter(({ code }) => code === 'DUPLICATE_KEY')) this.#reportTwice(error);
    // One slip makes many errors after it: the first one is the one to correct.
    const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (first !== undefined) this.#reportSyntax(first);
    const contents = this.#document.contents;
    const broken = this.#document.errors.some((error) => error.code !== 'DUPLICATE_KEY');
    this.value = broken ? undefined : this.#convert(contents, null, [], []);
    this.readable = !broken && !this.#refused;
  }

  #reportTwice(error: YAMLError): void {
    this.#report(problem('duplicate-key', this.#source.at(error.pos[0]), 'this key is here twice', 'keep one of the two'));
  }

  #reportSyntax(error: YAMLError): void {
    const told = error.message.replace(/\s+/g, ' ').trim();
    const isDeep = /call stack/.test(told);
    const message = `not YAML: ${isDeep ? 'it is nested too deeply' : told}`;
    this.#report(
      problem(
        'yaml-syntax',
        this.#source.at(isDeep ? tooDeepAt(this.#source.text) : error.pos[0]),
        message,
        'correct it here, or just above; the rest of the file was not checked',
      ),
    );
  }

  #convert(node: Node | null, key: Node | null, path: Path, through: readonly Node[]): unknown {
    this.nodes.set(keyOf(path), { key, value: node });
    if (this.#refused || node === null) return node === null ? null : undefined;
    if (through.length > 0 && ++this.#aliased > MAX_ALIASED_NODES)
      return this.#refuse(through[0] ?? node, 'its aliases repeat too much of it');
    if (path.length > MAX_DEPTH) return this.#refuse(node, 'it is nested too deeply');
    if (isAlias(node)) return this.#convertAlias(node, key, path, through);
    if (isMap(node)) return this.#convertMap(node, path, through);
    if (isSeq(node)) return node.items.map((item, index) => this.#convert(item as Node | null, null, [...path, index], through));
    if (!isScalar(node)) return undefined;
    if (typeof node.value === 'number' || typeof node.value === 'bigint') return new Numeric(node.source ?? String(node.value));
    return node.value;
  }

  #convertAlias(node: Node, key: Node | null, path: Path, through: readonly Node[]): unknown {
    const target = isAlias(node) ? node.resolve(this.#document) : undefined;
    if (target === undefined) return undefined;
    if (through.includes(target)) return this.#refuse(node, 'an alias leads back to itself');
    return this.#convert(target, key, path, [...through, target]);
  }

  #convertMap(node: YAMLMap, path: Path, through: readonly Node[]): unknown {
    const result: Record<string, unknown> = {};
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const name = this.#nameOf(pair.key);
      if (name !== null) result[name] = this.#convert(pair.value, pair.key, [...path, name], through);
    }
    return result;
  }

  /** The key of a pair, or null (reported) where it is not text. */
  #nameOf(key: Node): string | null {
    const value = isScalar(key) ? key.value : undefined;
    if (typeof value === 'string' && value !== '__proto__') return value;
    const spot = spotOf(this.#source, key);
    if (typeof value === 'number' && isScalar(key)) {
      const text = key.source ?? String(value);
      this.#report(
        problem(
          'unquoted-number',
          spot,
          `${quoted(text)} is read as a number, so leading zeros and long digits get lost`,
          `quote it: "${text}"`,
        ),
      );
    } else {
      this.#report(problem('bad-key', spot, 'this key is not plain text', 'write a word, or quote it'));
    }
    return null;
  }

  #refuse(node: Node, why: string): undefined {
    if (!this.#refused)
      this.#report(
        problem(
          'yaml-too-complex',
          spotOf(this.#source, node),
          `this file cannot be read: ${why}`,
          'write the values out in full',
        ),
      );
    this.#refused = true;
    return undefined;
  }
}
