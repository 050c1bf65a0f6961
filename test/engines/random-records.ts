// Random records: mostly what a log holds, often with something odd in one place, now and then with bytes changed.
import fc from 'fast-check';
import { USAGE_EVENT } from '../../src/kernel/usage-event.js';
import { USAGE_FIELDS, type UsageField } from '../../src/kernel/usage-fields.js';

const number = fc.oneof(
  fc.integer({ min: -2, max: 100_000 }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.integer({ min: -9, max: 999_999 }), fc.integer({ min: -12, max: 14 }))
    .map(([digits, power]) => `${digits}e${power}`),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.integer({ min: 0, max: 24 }))
    .map(([digits, places]) => decimal(digits, places)),
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ maxLength: 8 }),
  fc.constantFrom('', 'gpt-5', 'HIT', 'true', 'batch', '1.50'),
);
const time = fc
  .tuple(
    fc.date({ min: new Date('1999-12-31T00:00:00Z'), max: new Date('2100-01-02T00:00:00Z'), noInvalidDate: true }),
    fc.constantFrom('Z', '+02:00', '-0530', '', '+14'),
  )
  .map(([date, zone]) => JSON.stringify(date.toISOString().replace('Z', zone)));
const other = fc.oneof(
  fc.constantFrom('null', 'true', 'false', 'NaN', '-Infinity', '[]', '{}', '[1,{"a":null}]', '""'),
  number,
  number.map((digits) => JSON.stringify(digits)),
  text.map((value) => JSON.stringify(value)),
);

function decimal(digits: bigint, places: number): string {
  const padded = String(digits).padStart(places + 1, '0');
  return places === 0 ? padded : `${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

function usual(field: UsageField): fc.Arbitrary<string> {
  const { kind, values } = USAGE_EVENT[field];
  if (kind === 'time') return fc.oneof(time, fc.integer({ min: 0, max: 4_200_000_000 }).map(String));
  if (kind === 'text' || kind === 'lower') return text.map((value) => JSON.stringify(value));
  if (kind === 'choice') return fc.constantFrom(...(values ?? [])).map((value) => JSON.stringify(value));
  if (kind === 'flag') return fc.constantFrom('true', 'false');
  if (kind === 'rate') return fc.constantFrom('1', '0.25', '0.1', '0.333333333');
  return kind === 'count' || kind === 'ordinal' ? fc.nat().map(String) : number;
}

const parts = fc.record({
  base: fc.tuple(
    time,
    text.map((value) => JSON.stringify(value === '' ? 'openai' : value)),
  ),
  fields: fc
    .uniqueArray(fc.constantFrom(...USAGE_FIELDS), { maxLength: 12 })
    .chain((fields) =>
      fc.tuple(
        ...fields.map((field) =>
          fc.tuple(fc.constant(field), fc.oneof({ weight: 5, arbitrary: usual(field) }, { weight: 1, arbitrary: other })),
        ),
      ),
    ),
  cut: fc.option(fc.tuple(fc.nat(), fc.constantFrom('', '"', '\\', '{', '}', ',', ':', 'é', ' ')), { freq: 12 }),
});

const line = parts.map(({ base, fields, cut }) => {
  const given = new Map<string, string>([['event_time', base[0]], ['provider', base[1]], ['model', '"m"'], ...fields]);
  const json = `{${[...given].map(([key, value]) => `"${key}":${value}`).join(',')}}`;
  if (cut === null) return json;
  const at = cut[0] % json.length;
  return json.slice(0, at) + cut[1] + json.slice(at + 1);
});

export const anyRecords = fc.array(
  line.filter((json) => !isParted(json)),
  { minLength: 200, maxLength: 300 },
);

/** DuckDB reads more spellings of a time than Trino: spaces between its parts, a year of two digits. */
const STRICT_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{3}(Z|[+-]\d\d(:?\d\d)?)?$/;

/** Letters that have had two cases since Unicode 14 to 17: whether an engine knows them depends on its age. */
const NEW_LETTERS =
  /[\u1c89\u1c8a\u2c2f\u2c5f\ua7c0-\ua7c1\ua7cb-\ua7dc\u{10570}-\u{105bc}\u{10d50}-\u{10d85}\u{16ea0}-\u{16ed3}]/u;

/** Numbers kept as text are refused on Trino where Java spells them otherwise: in a list or object, beyond any double, next to zero. */
function isParted(json: string): boolean {
  const times = [...json.matchAll(/"(?:event_time|recorded_at)":"([^"]{10,})"/g)];
  if (times.some(([, text]) => !STRICT_TIME.test(text ?? ''))) return true;
  if (NEW_LETTERS.test(json)) return true;
  return /[eE]([+]?[0-9]|-3)[0-9]{2}|[\r\n\u0001]/.test(json);
}

/** `ENGINES=every` tries more of them; ENGINES_SEED has others. */
const RUNS = process.env['ENGINES'] === 'every' ? 40 : 3;
const SEED = Number(process.env['ENGINES_SEED'] ?? 20_261_127);

export async function check<T>(any: fc.Arbitrary<T>, holds: (value: T) => Promise<void>): Promise<void> {
  // Shrinking would ask Trino hundreds of times: what differs is in the message as it is.
  await fc.assert(fc.asyncProperty(any, holds), { numRuns: RUNS, seed: SEED, endOnFailure: true });
}
