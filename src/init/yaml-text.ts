// YAML with comments. Quoting is left to the library: a tag of a log may be anything.
import { Document, isCollection, isMap, isScalar, isSeq, type Node, type Pair, Scalar, visit, YAMLMap, type YAMLSeq } from 'yaml';
import { printable } from '../pipeline/text.js';

/** One key of a mapping with what is said above it; an empty line alone is a gap. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly above?: readonly string[];
}

/** An item of a list with what is said above it, or at the end of its line where it is written in one. */
export interface Item {
  readonly value: Readonly<Record<string, unknown>>;
  readonly above?: readonly string[];
  readonly beside?: string;
}

const document = new Document();

export function yamlText(
  head: readonly string[],
  entries: readonly (Entry | { readonly node: Pair })[],
  foot: readonly string[] = [],
): string {
  const map = new YAMLMap();
  for (const entry of entries) map.add('node' in entry ? entry.node : pairOf(entry));
  // Other tools read YAML as it was in 1.1, where `yes` is no text.
  const written = new Document(map, { compat: 'yaml-1.1' });
  written.commentBefore = comment(head);
  if (foot.length > 0) written.comment = comment(foot);
  // Without a width nothing is folded, and what is written in flow stays in one line.
  return written.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** A list, an item a line, or a block of keys each where `isBlock`. */
export function listOf(key: string, items: readonly Item[], above: readonly string[], isBlock: boolean): { readonly node: Pair } {
  const list = document.createNode(
    items.map(({ value }) => value),
    { aliasDuplicateObjects: false },
  ) as YAMLSeq<Node>;
  for (const [at, node] of list.items.entries()) {
    const { above: before = [], beside } = items[at] ?? {};
    if (before.length > 0) node.commentBefore = comment(before);
    if (beside !== undefined) node.comment = comment([beside]);
    if (isBlock && at > 0) node.spaceBefore = true;
    if (isBlock) flowInside(node);
    else flow(node);
  }
  if (items.length === 0) list.flow = true;
  return { node: document.createPair(keyOf(key, above), list) };
}

function pairOf({ key, value, above = [] }: Entry): Pair {
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  flowInside(node);
  return document.createPair(keyOf(key, above), node);
}

function keyOf(key: string, above: readonly string[]): Scalar<string> {
  const scalar = new Scalar(key);
  if (above.length === 0) return scalar;
  if (above.some((line) => line !== '')) scalar.commentBefore = comment(above);
  scalar.spaceBefore = true;
  return scalar;
}

/** Longer ones are read better line by line. */
const LONGEST_LINE = 4;

/** What a mapping holds is written in one line each, as long as it is short; a list of words too. */
function flowInside(node: Node): void {
  if (isSeq(node)) return flow(node);
  if (!isMap(node)) return;
  for (const { value } of node.items) {
    if (isMap(value) && value.items.length > LONGEST_LINE) flowInside(value);
    else if (isCollection(value)) flow(value);
  }
}

function flow(node: Node): void {
  if (isScalar(node)) return;
  visit(node, { Collection: (_, inner) => void (inner.flow = true) });
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => (line === '' ? '' : ` ${printable(line)}`)).join('\n');
}
