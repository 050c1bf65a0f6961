// The tree while it grows: rows of a table in the scratch engine, which does all sums, and at the end a value.
import type { Cell, Row, Warehouse } from '../warehouse/warehouse.js';
import type { Figure, FigureKind, Relation } from './api.js';

/** An empty one. */
export async function plant(warehouse: Warehouse): Promise<void> {
  await warehouse.run(`
    CREATE SEQUENCE IF NOT EXISTS explain.figure_id;
    CREATE OR REPLACE TABLE explain.figure (id BIGINT, parent BIGINT, relation VARCHAR, kind VARCHAR, amount DECIMAL(38,12), quantity DECIMAL(38,12), facts VARCHAR,
                                 key VARCHAR, place BIGINT)`);
}

export interface Growth {
  readonly kind: FigureKind;
  readonly relation?: Relation;
  /** Gives `parent`, `key` (unique below the parent), `amount`, `quantity` and the columns of the facts. */
  readonly select: string;
  /** Columns of the select that are told. */
  readonly facts: readonly string[];
  readonly most: number;
}

/** Adds the largest parts of each parent, and the others as one that has their sum: what is shown always adds up. */
export async function grow(warehouse: Warehouse, { kind, relation = 'sum', select, facts, most }: Growth): Promise<void> {
  await warehouse.run(`
    CREATE OR REPLACE TEMP TABLE ranked AS
      SELECT c.*, row_number() OVER (PARTITION BY c.parent ORDER BY abs(coalesce(c.amount, c.quantity)) DESC NULLS LAST, c.key) AS place,
             count(*) OVER (PARTITION BY c.parent) AS many
      FROM (${select}) AS c;
    INSERT INTO explain.figure
      SELECT nextval('explain.figure_id'), parent, '${relation}', '${kind}', amount, quantity, ${factsOf(facts)}, key, place
      FROM ranked WHERE place <= ${most} OR many = ${most} + 1;
    INSERT INTO explain.figure
      SELECT nextval('explain.figure_id'), parent, '${relation}', 'rest', sum(amount) + CAST(0 AS DECIMAL(38,12)), sum(quantity) + CAST(0 AS DECIMAL(38,12)),
             json_object('count', CAST(count(*) AS VARCHAR), 'of', '${kind}'), NULL, ${most} + 1
      FROM ranked WHERE place > ${most} AND many > ${most} + 1 GROUP BY parent`);
}

/** As text: an exact amount inside of JSON would become a number that is not. */
function factsOf(names: readonly string[]): string {
  return `json_object(${names.flatMap((name) => [`'${name}'`, `CAST("${name}" AS VARCHAR)`]).join(', ')})`;
}

/** Whatever does not add up is told wrong: a bug, and no answer. */
export async function refuseGaps(warehouse: Warehouse): Promise<void> {
  const gaps = await warehouse.rows(`
    WITH part AS (
      SELECT parent, sum(amount) AS amount, sum(quantity) AS quantity FROM explain.figure WHERE relation = 'sum' AND parent IS NOT NULL GROUP BY parent
    )
    SELECT f.kind, f.facts, f.amount, p.amount AS parts, f.quantity, p.quantity AS part_quantity
    FROM explain.figure AS f JOIN part AS p ON p.parent = f.id
    WHERE CASE WHEN f.amount IS NULL THEN p.quantity IS DISTINCT FROM f.quantity ELSE p.amount IS DISTINCT FROM f.amount END
    ORDER BY f.id LIMIT 3`);
  if (gaps.length > 0) throw new Error(`parts of a figure do not sum to it: ${JSON.stringify(gaps)}`);
}

/** A figure of money or of quantity that has nothing below it that explains it, and is none of the kinds that end a path. */
export async function refuseLooseEnds(warehouse: Warehouse, ends: readonly FigureKind[]): Promise<void> {
  const loose = await warehouse.rows(
    `SELECT f.kind, f.facts, f.amount, f.quantity FROM explain.figure AS f
     WHERE NOT list_contains(CAST($1 AS VARCHAR[]), f.kind) AND coalesce(f.amount, f.quantity) <> 0 AND NOT EXISTS (SELECT 1 FROM explain.figure AS p WHERE p.parent = f.id)
     ORDER BY f.id LIMIT 3`,
    [`[${ends.join(', ')}]`],
  );
  if (loose.length > 0) throw new Error(`nothing explains a figure: ${JSON.stringify(loose)}`);
}

/** The whole tree, largest parts first. */
export async function readTrees(warehouse: Warehouse): Promise<readonly Figure[]> {
  const rows = await warehouse.rows(
    `SELECT id, coalesce(parent, 0) AS parent, relation, kind, amount, quantity, facts FROM explain.figure
     ORDER BY parent, CASE relation WHEN 'sum' THEN 0 WHEN 'of' THEN 1 ELSE 2 END, kind = 'rest', place, id`,
  );
  const below = new Map<Cell, Row[]>();
  for (const row of rows) {
    const of = row['parent'] ?? '0';
    const parts = below.get(of);
    if (parts === undefined) below.set(of, [row]);
    else parts.push(row);
  }
  return figuresOf('0', below);
}

function figuresOf(parent: Cell, below: ReadonlyMap<Cell, readonly Row[]>): readonly Figure[] {
  return (below.get(parent) ?? []).map((row) => ({
    kind: row['kind'] as FigureKind,
    relation: row['relation'] as Relation,
    amount: row['amount'] ?? null,
    quantity: row['quantity'] ?? null,
    facts: JSON.parse(row['facts'] ?? '{}') as Figure['facts'],
    parts: figuresOf(row['id'] ?? '', below),
  }));
}
