// What a company with three months of books gets delivered, from a seed: files of every source, some of them twice, in random batches.
import { allFiles, buckets, type Delivery, event, invoice, MONTHS } from '../golden/three-months.js';
import type { Dice } from './random-dice.js';

/** Batches in the order in which they come. The same name again is a re-delivery. The first batch has a file of every source. */
export async function randomDeliveries(dice: Dice, batches: number): Promise<readonly Delivery[]> {
  const last = await randomFiles(dice);
  const earlier = await randomFiles(dice);
  const names = dice.shuffled(Object.keys(last));
  const delivered: Record<string, string>[] = Array.from({ length: batches }, () => ({}));
  const firsts = ['usage/', 'bills/aws/', 'bills/vector/', 'bills/openai/'].map((folder) =>
    names.find((name) => name.startsWith(folder)),
  );
  for (const name of names) {
    const from = firsts.includes(name) ? 0 : dice.below(batches);
    const to = from + dice.below(batches - from);
    (delivered[from] ?? {})[name] = (from === to ? last : earlier)[name] ?? '';
    (delivered[to] ?? {})[name] = last[name] ?? '';
  }
  return delivered;
}

async function randomFiles(dice: Dice): Promise<Delivery> {
  const base = await allFiles();
  const bills = Object.entries(base).filter(([name]) => name.startsWith('bills/aws/'));
  return Object.fromEntries([
    ...bills.map(([name, text]) => [name, text.replaceAll('100.00', `${10 + dice.below(90)}.${10 + dice.below(90)}`)]),
    ...list(5, (at) => [`usage/log-${at}.jsonl`, list(8, () => randomRecord(dice)).join('\n')]),
    ...list(4, (at) => [
      `bills/openai/pull-${at}.json`,
      buckets(...list(4, () => [randomDay(dice), `${dice.below(9)}.${dice.below(99)}5`] as const)),
    ]),
    ...MONTHS.map((month) => [`bills/vector/${month}.csv`, randomInvoice(dice, month, `${month}-01`, `${month}-30`)]),
    ['bills/vector/half.csv', randomInvoice(dice, 'half', '2026-07-16', '2026-08-15')],
  ]);
}

function list<T>(count: number, make: (at: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

function randomDay(dice: Dice): string {
  return `${dice.of(MONTHS)}-${String(1 + dice.below(30)).padStart(2, '0')}`;
}

/** One of few ids, so that calls are told again in other files, with and without a time of recording; or none; or no record at all. */
function randomRecord(dice: Dice): string {
  if (dice.below(15) === 0) return '{"cut';
  const id = dice.below(25);
  const known = { month: MONTHS[id % 3] ?? '', day: String(1 + id).padStart(2, '0') };
  const told = {
    feature_id: dice.of(['chat', 'search', 'unknown']),
    customer_id: dice.of(['acme', 'bolt', undefined]),
    input_tokens: dice.below(900_000) - (dice.below(20) === 0 ? 900_000 : 0),
    recorded_at: dice.of([undefined, '2026-10-01T00:00:00Z', '2026-10-02T00:00:00Z']),
    ...(dice.below(4) === 0 ? { event_id: undefined, input_tokens: id } : {}),
  };
  return event(`e${id}`, `${known.month}-${known.day}T10:00:00Z`, told);
}

function randomInvoice(dice: Dice, id: string, from: string, to: string): string {
  const amount = `${dice.below(50)}.${10 + dice.below(90)}`;
  return invoice(`V-${id},${from},${to},Reads,${amount}`, amount);
}
