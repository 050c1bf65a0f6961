// A tag whose records stay in memory, and what was noted of them.
import type { UsageField } from '../../src/kernel/usage-fields.js';
import { type FolderOptions, openTag, type Problem, type Sink, type SinkOptions, type Tag } from '../../src/tag/tag.js';

export type Kept = Readonly<Partial<Record<UsageField, string | number | boolean>>>;

export interface Memory {
  readonly tag: Tag;
  readonly told: readonly Problem[];
  readonly lines: readonly string[];
  /** All of them, once they are through. */
  readonly records: () => Promise<readonly Kept[]>;
  /** The only one, without what differs each time. */
  readonly only: () => Promise<Kept>;
}

export function memory(more: Partial<Omit<SinkOptions & FolderOptions, 'folder'>> = {}): Memory {
  const lines: string[] = [];
  const told: Problem[] = [];
  const sink: Sink = { write: (batch) => void lines.push(...batch) };
  const tag = openTag({ sink, onProblem: (problem) => void told.push(problem), ...more });
  const records = async (): Promise<readonly Kept[]> => {
    await tag.flush();
    return lines.map((line) => JSON.parse(line) as Kept);
  };
  const only = async (): Promise<Kept> => {
    const [record, ...others] = await records();
    if (record === undefined || others.length > 0) throw new Error(`${lines.length} records`);
    const { event_id: _, event_time: __, call_id: ___, ...rest } = record;
    return rest;
  };
  return { tag, told, lines, records, only };
}
