import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { recordsByObject, textLogsOf } from '../../../src/run/athena-load.js';
import type { LandedFile } from '../../../src/source/source.js';
import { usage } from '../../contract/company.js';

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

describe('logs of one record a line', () => {
  it('are read there where they are ours, and here where they need a preset', () => {
    const formats = ['by-extension', 'jsonl', 'csv', 'otlp', 'litellm', 'langfuse', 'helicone'] as const;
    const sources = formats.map((format) => usage({ id: format, format }));
    const files = formats.map((sourceId) => landed(sourceId));
    const logs = textLogsOf({ pipeline: { sources } as unknown as Pipeline, files });
    expect(logs.map(({ config }) => config.id)).toEqual(['by-extension', 'jsonl']);
  });
});

function landed(sourceId: string): LandedFile {
  return { sourceId, name: 'logs/a.jsonl', path: '/a', sha256: 'a', bytes: 1, unit: 'logs/a.jsonl', delivery: '' };
}
