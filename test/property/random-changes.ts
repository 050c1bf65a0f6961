// What people change between two runs of the company in fixtures/errors/.base/running, one thing each, with numbers of a seed.
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dice } from './random-dice.js';

export interface RandomChange {
  /** The one cause under which it must be told. */
  readonly cause: string;
  readonly make: (folder: string, dice: Dice) => Promise<void>;
}

async function edit(folder: string, name: string, from: RegExp, to: string): Promise<void> {
  const text = await readFile(join(folder, name), 'utf8');
  if (!from.test(text)) throw new Error(`${name} has no ${from.source}`);
  await writeFile(join(folder, name), text.replace(from, to));
}

/** With as many digits as money has here. */
function amount(dice: Dice): string {
  return `${1 + dice.below(900)}.${String(dice.below(1_000_000_000_000)).padStart(12, '0')}`;
}

const EVENT = { event_time: '2026-07-20T10:00:00Z', provider: 'openai', model: 'gpt-six' };

export const RANDOM_CHANGES: readonly RandomChange[] = [
  {
    cause: 'prices',
    make: async (folder, dice) =>
      edit(folder, 'prices.csv', /(input_tokens,1M),[\d.]+/, `$1,${1 + dice.below(20)}.${dice.below(999_999)}`),
  },
  {
    cause: 'app',
    make: async (folder, dice) => {
      const event = {
        ...EVENT,
        event_id: 'new',
        feature_id: dice.of(['chat', 'search']),
        input_tokens: 1 + dice.below(9_000_000),
      };
      await appendFile(join(folder, 'usage/more.jsonl'), `${JSON.stringify(event)}\n`);
    },
  },
  {
    cause: 'vector',
    make: async (folder, dice) => {
      const [reads, writes] = [1 + dice.below(5_000), 1 + dice.below(5_000)];
      const money = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
      const row = 'V-1,2026-07-01,2026-07-31';
      const rows = [`${row},Reads,${money(reads)}`, `${row},Writes,${money(writes)}`, `,,,Total,${money(reads + writes)}`];
      await writeFile(join(folder, 'bills/vector/2026-07.csv'), `Invoice,From,To,Item,Amount\n${rows.join('\n')}\n`);
    },
  },
  {
    cause: 'rules',
    make: async (folder, dice) =>
      edit(
        folder,
        'rules.yaml',
        /(match: { provider: vector }), method: .* }/,
        dice.of([
          '$1, method: even, features: [chat, search] }',
          '$1, method: feature, feature: chat }',
          '$1, method: by, driver: rated_cost, within: [[month]] }',
        ]),
      ),
  },
  {
    cause: 'fixed_costs',
    make: async (folder, dice) =>
      edit(folder, 'fixed_costs.yaml', /monthly_amount: "[\d.]+"/, `monthly_amount: "${amount(dice)}"`),
  },
  {
    cause: 'features',
    make: async (folder, dice) => {
      const feature = `{ id: agent-${dice.below(1_000_000)}, name: Agent, team: t, cost_center: c, category: product`;
      await appendFile(join(folder, 'features.yaml'), `  - ${feature}, owners: { feature: Ann Lee } }\n`);
    },
  },
  {
    cause: 'as_of',
    make: async (folder, dice) => edit(folder, 'pipeline.yaml', /as_of: .*/, `as_of: 2026-08-0${1 + dice.below(9)}`),
  },
];
