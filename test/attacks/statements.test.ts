// Every attack of the corpus, three times: refused by what reads the statement, without effect where only the engine is closed,
// and harmful where nothing is. The last one is what shows that the first two look in the right place.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { openClosed, Snapshot } from '../../src/warehouse/snapshot.js';
import { EngineError, type Selection, type Warehouse } from '../../src/warehouse/warehouse.js';
import { attackedCompany, type Company, contentOf, SECRET } from './company.js';
import { ATTACKS, type Harm } from './corpus.js';

const LIMITS = { memory: '256MB', threads: 1 };
const QUESTION = "SELECT string_agg(feature, ',' ORDER BY n) AS told FROM cost";
const ANSWER = '"feature 1,feature 2"';

let company: Company;
let before = '';
let asked = 0;
let web: Server;
/** One for all of them: nothing that is refused leaves a trace. */
let snapshot: Snapshot;
beforeAll(async () => {
  company = await attackedCompany();
  before = contentOf(company.dir);
  snapshot = await Snapshot.open(company.warehousePath, LIMITS);
  web = createServer((_, response) => {
    asked += 1;
    response.end('password\nhunter2\n');
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  web.close();
  await snapshot[Symbol.asyncDispose]();
});

function armed(attack: string, { dir, warehousePath }: Company): string {
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  return attack.replaceAll('%DB%', warehousePath).replaceAll('%DIR%', dir).replaceAll('%WEB%', url);
}

interface Outcome {
  readonly told: string;
  readonly failed: string | null;
}

async function tried(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { told: JSON.stringify(await work()), failed: null };
  } catch (error) {
    return { told: '', failed: error instanceof Error ? error.message : String(error) };
  }
}

async function stillAnswers(warehouse: Pick<Warehouse, 'rows'>): Promise<boolean> {
  return (await tried(async () => warehouse.rows(QUESTION))).told.includes(ANSWER);
}

async function read({ batches }: Selection): Promise<string> {
  const rows: unknown[] = [];
  for await (const batch of batches) rows.push(...batch);
  return JSON.stringify(rows);
}

describe('an attack', () => {
  it.each(ATTACKS)('that %s is refused before it runs', async (_, attack) => {
    const refused = await snapshot.select(armed(attack, company)).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(EngineError);
    expect(String(refused)).toMatch(
      /only a SELECT may run|may not hold the character NUL|where one SELECT must be|may not be (called|read) here|does not exist|not in the catalog|disabled|A CTE needs a SELECT|syntax error/,
    );
    expect(contentOf(company.dir)).toBe(before);
    expect(asked).toBe(0);
  });

  it.each(ATTACKS.filter(([, , harm]) => ['file', 'secret', 'web'].includes(harm)))(
    'that %s changes no file, finds no secret and reaches nobody where only the engine is closed',
    async (_, attack) => {
      {
        await using warehouse = await openClosed(company.warehousePath, LIMITS);
        const { told } = await tried(async () => warehouse.rows(armed(attack, company).replace("'hunter2'", "'none'")));
        expect(told).not.toContain(SECRET);
      }
      expect(contentOf(company.dir)).toBe(before);
      expect(asked).toBe(0);
    },
  );

  it.each(ATTACKS)('that %s would do harm', async (name, attack, harm) => {
    const twin = await company.twin();
    const unharmed = contentOf(twin.dir);
    asked = 0;
    let [outcome, answers]: [Outcome, boolean] = [{ told: '', failed: null }, true];
    {
      await using open = await openDuckDb(LIMITS);
      await open.run(
        `SET secret_directory = '${twin.dir}/secrets'; SET extension_directory = '${twin.dir}/extensions'; ATTACH '${twin.warehousePath}' AS showback; USE showback.marts`,
      );
      outcome = await tried(async () => open.rows(armed(attack, twin)));
      answers = await stillAnswers(open);
    }
    const seen: Readonly<Record<Harm, boolean>> = {
      secret: outcome.told.includes(SECRET),
      path: outcome.told.includes(twin.dir),
      file: contentOf(twin.dir) !== unharmed,
      marts: !answers,
      web: asked > 0,
      answer: outcome.failed === null,
      none: outcome.failed !== null && contentOf(twin.dir) === unharmed && asked === 0,
    };
    expect(seen[harm], `${name}: ${outcome.failed ?? outcome.told.slice(0, 200)}`).toBe(true);
  });

  it('of a long list of values is none', async () => {
    const values = Array.from({ length: 150_000 }, (_, at) => at).join(',');
    expect(await read(await snapshot.select(`SELECT 1 WHERE 5 IN (${values})`))).toBe('[["1"]]');
  });

  it.each([
    ['brackets', `SELECT ${'('.repeat(400_000)}1${')'.repeat(400_000)}`],
    ['terms', `SELECT ${Array.from({ length: 200_000 }, () => '1').join('+')}`],
    ['questions in questions', `${'SELECT * FROM ('.repeat(20_000)}SELECT 1${')'.repeat(20_000)}`],
  ])('of endless %s is refused, and crashes nothing', async (_, attack) => {
    await expect(snapshot.select(attack)).rejects.toThrow(/memory exhausted|Max expression depth/);
  });

  it('leaves the next question unharmed', async () => {
    expect(await read(await snapshot.select(QUESTION))).toContain(ANSWER);
  });
});

describe('the engine of this version', () => {
  const NAMED = (kinds: string): string =>
    `SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type IN (${kinds}) ORDER BY ALL`;
  /** Known to compute or to describe the marts. */
  const OPEN =
    /^(unnest|range|generate_series|generate_subscripts|json_each|json_tree|duckdb_(columns|tables|schemas|functions|types))$/;

  it('has no other table function that may be called', async () => {
    await using engine = await openDuckDb(LIMITS);
    const names = (await engine.rows(NAMED("'table', 'table_macro'"))).map((row) => String(row['name']));
    expect(names.length).toBeGreaterThan(60);
    for (const name of names.filter((each) => !OPEN.test(each))) {
      await expect(snapshot.select(`FROM ${name}()`), name).rejects.toThrow(`the table function ${name} may not be called here`);
    }
  });

  it('has no view of its own that may be read, but those of the standard', async () => {
    await using engine = await openDuckDb(LIMITS);
    const views = await engine.rows('SELECT schema_name AS schema, view_name AS name FROM duckdb_views() WHERE internal');
    expect(views.length).toBeGreaterThan(40);
    for (const { schema, name } of views.filter(
      (row) => row['schema'] !== 'information_schema' && !OPEN.test(String(row['name'])),
    )) {
      for (const spelt of [`${schema}.${name}`, `system.${schema}.${name}`, `"${String(name).toUpperCase()}"`]) {
        await expect(snapshot.select(`FROM ${spelt}`), spelt).rejects.toThrow(/may not be read here/);
      }
    }
  });

  // What a function does that its arguments do not decide: look at each that a new version brings.
  it('has no other function that does more than compute', async () => {
    await using engine = await openDuckDb(LIMITS);
    const rows = await engine.rows(
      "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type = 'scalar' AND stability = 'VOLATILE' ORDER BY ALL",
    );
    const harmless = ['current_connection_id', 'current_query', 'current_query_id', 'current_transaction_id', 'currval', 'error'];
    const chance = ['gen_random_uuid', 'nextval', 'random', 'setseed', 'stats', 'uuid', 'uuidv4', 'uuidv7'];
    expect(rows.map((row) => row['name'])).toEqual([...harmless, ...chance, 'sleep_ms', 'write_log'].sort());
    for (const name of ['sleep_ms', 'write_log']) {
      await expect(snapshot.select(`SELECT ${name}(1)`)).rejects.toThrow('may not be called here');
    }
  });
});

describe('a value', () => {
  it.each([
    ['SELECT count(*) FROM cost WHERE feature = $x', "' OR 1 = 1 --", '[["0"]]'],
    ['SELECT $x', "'; DROP TABLE cost; --", `[["'; DROP TABLE cost; --"]]`],
  ])('is never SQL: %s', async (sql, value, answer) => {
    expect(await read(await snapshot.select(sql, new Map([['x', value]])))).toBe(answer);
  });

  it.each([
    ['SELECT 1 LIMIT $x', '1; DROP TABLE cost'],
    ['SELECT amount FROM cost WHERE amount > $x', '1 OR true'],
    ['SELECT * FROM query_table($x)', 'cost'],
    ['SELECT * FROM read_text($x)', '/etc/hostname'],
    ['SELECT * FROM $x', 'cost'],
  ])('cannot become one: %s', async (sql, value) => {
    await expect(snapshot.select(sql, new Map([['x', value]]))).rejects.toThrow(/which is no|may not be called|syntax error/);
  });
});
