// Who may import whom in src/, and why. ARCHITECTURE.md draws it; `make arrows` holds the code to it.
//
// The cruise runs over import skeletons that .ci/arrows.mjs makes of src/ (TypeScript 7 has no API to cruise sources
// with): `import` where a value is imported, `require` where only types are. So `require` below reads "types only".

const TYPES_ONLY = ['require'];

/** One arrow: files of `from` must not import what `to` names. */
function never(name, from, to, comment) {
  return { name, severity: 'error', comment, from: pathOf(from), to: pathOf(to) };
}

function pathOf(matcher) {
  return typeof matcher === 'string' ? { path: matcher } : matcher;
}

const folders = (...names) => `^src/(${names.join('|')})/`;
const npm = (name) => `(^|node_modules/)${name}(/|$)`;
const FILE_SYSTEM = '^(node:)?fs(/promises)?$';

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'Two files that need each other are one file, or hide a third that both need.',
      from: {},
      to: { circular: true },
    },
    never(
      'kernel-imports-nothing',
      folders('kernel'),
      '^src/(?!kernel/)|^node:|^(fs|path|os|http|https|net|child_process|process)$',
      'The kernel is values: money, periods, failures, events. It knows no folder of ours and no effect of the platform.',
    ),
    never(
      'pipeline-to-kernel-only',
      folders('pipeline'),
      '^src/(?!pipeline/|kernel/)',
      'A pipeline is what the YAML says. It reads configuration and knows nothing of how it will be run.',
    ),
    never(
      'store-to-kernel-only',
      folders('store'),
      '^src/(?!store/|kernel/)',
      'A store moves objects by key. What they hold, and for whom, is the concern of source, warehouse and publish.',
    ),
    never(
      'store-below-its-users',
      { path: '^src/(?!store/|source/|warehouse/|publish/|model/|run/|cli/)' },
      folders('store'),
      'Objects are read by sources and the engine and written by publishing; whoever else wants one asks those.',
    ),
    never(
      'model-takes-types-of-store',
      folders('model'),
      { path: folders('store'), dependencyTypesNot: TYPES_ONLY },
      'Models on Athena lie in files of a store that they are handed; they never open one. Types only.',
    ),
    never(
      'source-knows-files-not-tables',
      folders('source'),
      '^src/(?!source/|kernel/|pipeline/|store/)',
      'A source lands files and says what their totals are. Tables, models and runs are the business of others.',
    ),
    never(
      'source-takes-types-of-pipeline',
      folders('source'),
      { path: folders('pipeline'), dependencyTypesNot: TYPES_ONLY },
      'A source is given its configuration; it never reads or changes the pipeline itself. Types only.',
    ),
    never(
      'warehouse-is-the-engine-seam',
      folders('warehouse'),
      '^src/(?!warehouse/|kernel/|source/|pipeline/|store/)',
      'The warehouse loads and queries; it must serve every model and every run without knowing one of them.',
    ),
    never(
      'warehouse-takes-types-of-its-peers',
      folders('warehouse'),
      { path: folders('source', 'pipeline'), dependencyTypesNot: TYPES_ONLY },
      'Loading takes landed files and their configuration as data: types of source and pipeline, none of their code.',
    ),
    never(
      'publish-is-given-files',
      folders('publish'),
      '^src/(?!publish/|kernel/|warehouse/|store/)',
      'Publishing moves finished marts to the outside; what they hold and how they were made is not its concern.',
    ),
    never(
      'publish-takes-types-of-warehouse',
      folders('publish'),
      { path: folders('warehouse'), dependencyTypesNot: TYPES_ONLY },
      'Publishing is handed an open warehouse to copy from; it never opens one. Types only.',
    ),
    never(
      'model-below-run',
      folders('model'),
      '^src/(source|publish|run|report|cli)/',
      'Models are SQL and contracts: they order, lint and verify themselves with kernel, pipeline and the engine alone.',
    ),
    never(
      'run-and-report-below-cli',
      folders('run'),
      '^src/(report|cli)/',
      'A run tells its listener what happens and returns; how that is shown belongs to cli, what is drawn to report.',
    ),
    never(
      'init-drafts-what-run-reads',
      folders('init'),
      '^src/(model|publish|run|report|cli)/',
      'A draft is made of files and read as a pipeline. Whether a run of it would publish, a run tells.',
    ),
    never(
      'nothing-below-knows-init',
      folders('kernel', 'pipeline', 'source', 'warehouse', 'model', 'publish', 'run', 'report'),
      folders('init'),
      'A company folder that somebody wrote by hand is worth as much: nothing depends on how it was drafted.',
    ),
    never(
      'explain-asks-runs',
      folders('explain'),
      '^src/(init/|publish/(?!directory)|report/|cli/)',
      'An explanation builds what a run built, and asks. It publishes nothing and draws nothing.',
    ),
    never(
      'nothing-below-knows-explain',
      '^src/(?!explain/|cli/)',
      folders('explain'),
      'A run must not depend on how its figures are explained afterwards.',
    ),
    never(
      'report-reads-marts',
      folders('report'),
      '^src/(source|run|cli)/',
      'A report is made of published marts, so that it can be made again of any old run.',
    ),
    never(
      'nobody-imports-cli',
      '^src/(?!cli/)',
      folders('cli'),
      'The command line is the outermost layer: whatever others need of it sits in the wrong place.',
    ),
    never(
      'tag-imports-nothing-of-ours',
      folders('tag'),
      '^src/(?!tag/)|(^|/)node_modules/',
      'It runs inside of other programs, at every call: Node itself and nothing else, no engine, no schema, none of our packages.',
    ),
    never(
      'nobody-imports-tag',
      '^src/(?!tag/)',
      folders('tag'),
      'Files are all that the pipeline and its call-sites share: the pipeline reads what any program wrote.',
    ),
    never(
      'file-system-where-named',
      {
        path: '^src/',
        pathNot: [
          '^src/pipeline/read[^/]*$',
          '^src/source/',
          '^src/warehouse/(lake|load|kept|athena-journal)',
          '^src/warehouse/duckdb[.]js$',
          '^src/model/catalog(-cache)?[.]js$',
          '^src/publish/',
          '^src/store/file-',
          '^src/run/(ledger|manifest|state)[.]js$',
          '^src/init/(given|whole|write)[.]js$',
          '^src/tag/(left-open|rotating-file)[.]js$',
          '^src/cli/',
        ],
      },
      { path: FILE_SYSTEM },
      'The file system is touched in few places, so that crash safety can be read there and everything else is pure.',
    ),
    never(
      'process-in-cli-only',
      '^src/(?!cli/)',
      '^(node:)?process$',
      'Environment, arguments, signals and exit codes come in through cli as arguments.',
    ),
    never(
      'duckdb-client-in-one-file',
      { path: '^src/', pathNot: ['^src/warehouse/duckdb[.]js$', '^src/warehouse/vectors[.]js$'] },
      npm('@duckdb/[^/]+'),
      'One file knows the client, so that its version, its errors and its number types are handled once.',
    ),
    never(
      'vectors-take-types-of-duckdb',
      '^src/warehouse/vectors[.]js$',
      { path: npm('@duckdb/[^/]+'), dependencyTypesNot: TYPES_ONLY },
      'Raw vectors are typed by the client; the connection they come from is made in duckdb.ts. Types only.',
    ),
    never(
      's3-client-in-one-store',
      { path: '^src/', pathNot: ['^src/store/s3(-parts)?[.]js$'] },
      npm('@aws-sdk/client-s3'),
      'One store knows the client, so that its settings, its retries and its errors are handled once.',
    ),
    never(
      'undici-in-one-file',
      { path: '^src/', pathNot: '^src/source/proxy[.]js$' },
      npm('undici'),
      'One file knows how a request gets past a proxy; all others ask without knowing.',
    ),
    never(
      'yauzl-in-one-file',
      { path: '^src/', pathNot: '^src/source/zip[.]js$' },
      npm('yauzl'),
      'One file unpacks ZIP, so that sizes, names and checksums are held to their bounds once.',
    ),
    never(
      'athena-client-in-one-file',
      { path: '^src/', pathNot: '^src/warehouse/athena-client[.]js$' },
      npm('@aws-sdk/client-athena'),
      'One file knows the client, so that its retries, its errors and what they hold of credentials are handled once.',
    ),
    {
      name: 'no-junk-drawer',
      severity: 'error',
      comment: 'utils, helpers, manager, common: a name that fits everything collects everything. Name it after its job.',
      from: {},
      // The highest count that the tool takes: the rule looks at the name alone.
      module: { path: '^src/(.*[/-])?(utils?|helpers?|managers?|common)([/.-].*)?[.]js$', numberOfDependentsLessThan: 100 },
    },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      comment: 'What src/ imports must be there after `npm install --omit=dev`.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], pathNot: '^@types/' },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      comment: 'An import that leads nowhere would be an arrow that no rule sees.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
};
