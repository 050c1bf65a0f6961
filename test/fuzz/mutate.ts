// Small damages to a file: what disks, editors, mailers and people do to bytes.
import * as fc from 'fast-check';

export interface Edit {
  readonly kind: 'flip' | 'delete' | 'double' | 'swap' | 'insert' | 'cut';
  /** Places as parts of the file, so that an edit means the same to a shorter one. */
  readonly at: number;
  readonly to: number;
  readonly length: number;
  readonly token: number;
}

// Evenly over the file: doubles at random are nearly all next to nothing.
const PLACE = fc.nat({ max: 9_999 }).map((place) => place / 10_000);

const TOKENS: readonly Buffer[] = [
  ...[
    '\u0000',
    '"',
    "'",
    '\n',
    '\r\n',
    '\r',
    ',',
    ';',
    '{',
    '}',
    '[',
    ']',
    ':',
    '\\',
    '\ufeff',
    '&a ',
    '*a',
    '- ',
    '# ',
    '\t',
    '1e400',
    '-',
  ],
  ...[
    '9'.repeat(400),
    `0.${'1'.repeat(400)}`,
    '['.repeat(3000),
    '{"a":'.repeat(3000),
    'x'.repeat(70_000),
    '\\ud800',
    '=cmd()',
    '\u202e',
    '../../',
  ],
  ...['"event_id":"x",', 'null', 'NaN', '"__proto__":', '<<: ', '!!binary '],
]
  .map((text) => Buffer.from(text))
  .concat([Buffer.from([0xff, 0xfe]), Buffer.from([0xe4]), Buffer.from([0x1f, 0x8b])]);

export const EDITS: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'delete', 'double', 'swap', 'insert', 'insert', 'cut'),
    at: PLACE,
    to: PLACE,
    length: fc.integer({ min: 1, max: 60 }),
    token: fc.nat({ max: TOKENS.length - 1 }),
  }),
  { minLength: 1, maxLength: 4 },
);

export function mutate(file: Buffer, edits: readonly Edit[]): Buffer {
  return edits.reduce((bytes, edit) => applied(bytes, edit), file);
}

function applied(bytes: Buffer, { kind, at, to, length, token }: Edit): Buffer {
  const start = Math.floor(at * bytes.length);
  const other = Math.floor(to * bytes.length);
  const part = bytes.subarray(start, start + length);
  const cat = (...parts: readonly Buffer[]) => Buffer.concat(parts);
  switch (kind) {
    case 'flip':
      return cat(
        bytes.subarray(0, start),
        Buffer.from(part.map((byte) => byte ^ (1 << (token % 8)))),
        bytes.subarray(start + length),
      );
    case 'delete':
      return cat(bytes.subarray(0, start), bytes.subarray(start + length));
    case 'double':
      return cat(bytes.subarray(0, start), part, bytes.subarray(start));
    case 'swap': {
      const without = cat(bytes.subarray(0, start), bytes.subarray(start + length));
      return cat(without.subarray(0, other), part, without.subarray(other));
    }
    case 'insert':
      return cat(bytes.subarray(0, start), TOKENS[token] ?? Buffer.alloc(0), bytes.subarray(start));
    case 'cut':
      return bytes.subarray(0, start);
    default:
      return kind satisfies never;
  }
}
