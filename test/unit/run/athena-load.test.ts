import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import { recordsByObject } from '../../../src/run/athena-load.js';

const HASH = 'a'.repeat(64);
const LOCATION = 's3://acme/showback/landing/6170/';

describe('the records of logs on S3', () => {
  it('are told by the objects that went up', () => {
    const rows = [`${HASH}.jsonl`, `${HASH}.jsonl.gz`, `${HASH}.jsonl.zst`].map((object, at) => ({
      object,
      records: String(at),
    }));
    expect([...recordsByObject(rows, LOCATION).values()]).toEqual([0, 1, 2]);
    expect(recordsByObject([], LOCATION).size).toBe(0);
  });

  it.each([[`/${HASH}.jsonl`], ['notes.txt'], [`${HASH.slice(1)}.jsonl`], [null]])(
    'are not lost where the engine names a file otherwise: %s',
    (object) => {
      const asked = (): unknown =>
        recordsByObject(
          [
            { object: `${HASH}.jsonl`, records: '1' },
            { object, records: '5' },
          ],
          LOCATION,
        );
      expect(asked).toThrow(Failure);
      expect(asked).toThrow(LOCATION);
    },
  );
});
