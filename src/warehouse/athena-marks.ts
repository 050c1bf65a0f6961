// Whose a table or view of the database is. Tables bear the name of their pipeline as a property; views have no properties of their own
// on Athena, and bear it in their text. What bears none is somebody else's: it is neither replaced nor dropped.
import { Failure, type Problem } from '../kernel/failure.js';
import type { CatalogTable } from './athena-api.js';
import type { AthenaQueries } from './athena-statement.js';
import { literal } from './sql-quote.js';

const MARK = 'showback.pipeline';

/** At the end of a CREATE EXTERNAL TABLE. */
export function tableMark(pipeline: string): string {
  return `TBLPROPERTIES ('${MARK}' = ${literal(pipeline)})`;
}

/** A condition that always holds, for a view to bear. */
export function viewMark(pipeline: string): string {
  return `${literal(`${MARK}=${pipeline}`)} IS NOT NULL`;
}

/** The query of a view that bears the mark. */
export function markedView(select: string, pipeline: string): string {
  return `SELECT * FROM (${select}) AS marked WHERE ${viewMark(pipeline)}`;
}

/** The pipeline that a table or view belongs to, or null: it bears no mark. */
export async function ownerOf(queries: Pick<AthenaQueries, 'rows'>, table: CatalogTable): Promise<string | null> {
  if (!table.isView) return table.properties[MARK] ?? null;
  // Names of ours need no quotes, and the statement takes none.
  const lines = await queries.rows({ name: `whose is ${table.name}`, sql: `SHOW CREATE VIEW ${table.name}`, anew: true });
  const text = lines.flatMap((row) => Object.values(row)).join('\n');
  return VIEW_MARK.exec(text)?.[1] ?? null;
}

/** Names of pipelines are identifiers: nothing in them is escaped. */
const VIEW_MARK = /'showback\.pipeline=([^']+)'/;

export interface Wanted {
  readonly database: string;
  readonly pipeline: string;
  /** Is a table or view of this name going to be made, replaced or dropped? */
  readonly wanted: (name: string) => boolean;
}

/**
 * Tells every table and view of a wanted name that is not of this pipeline, before anything is made in its place. `tables`: what the
 * database has.
 */
export async function refuseForeign(
  queries: Pick<AthenaQueries, 'rows'>,
  tables: readonly CatalogTable[],
  to: Wanted,
): Promise<void> {
  const there = tables.filter(({ name }) => to.wanted(name));
  const problems: Problem[] = [];
  for (const table of there) {
    const owner = await ownerOf(queries, table);
    if (owner !== to.pipeline) problems.push(taken(to.database, table, owner));
  }
  if (problems.length > 0) throw new Failure('user', problems);
}

function taken(database: string, { name, isView }: CatalogTable, owner: string | null): Problem {
  const what = `database ${database} has a ${isView ? 'view' : 'table'} ${name}`;
  return owner === null
    ? {
        code: 'athena/table-taken',
        message: `${what} that bears no mark of showback, and this run would take its place`,
        remedy: 'rename or drop it if nobody needs it, or name another database in the pipeline file',
      }
    : {
        code: 'athena/table-taken',
        message: `${what} of pipeline ${owner}, and this run would take its place`,
        remedy: 'name a database of its own for each pipeline',
      };
}
