// The tier of a price row: parts joined by `+`, each kind at most once, in any order.
import { suggest } from '../kernel/nearest.js';
import { quoted } from './text.js';
import type { PriceRow } from './pipeline.js';

export type Tier = Pick<PriceRow, 'serviceTier' | 'region' | 'promptOver' | 'minuteFrom' | 'minuteTo'>;

export interface TierError {
  readonly message: string;
  readonly remedy: string;
}

export const BASE_TIER: Tier = { serviceTier: 'standard', region: '', promptOver: 0, minuteFrom: 0, minuteTo: 1440 };

const SERVICE_TIERS = ['batch', 'flex', 'priority'];
const PARTS = [...SERVICE_TIERS, 'prompt>200000', 'region:us-east-1', 'hours:16:30-00:30'];

export function parseTier(text: string): Tier | TierError {
  let tier = BASE_TIER;
  const kinds = new Set<string>();
  for (const part of text === '' ? [] : text.split('+')) {
    const parsed = parsePart(part);
    if ('message' in parsed) return parsed;
    const kind = Object.keys(parsed)[0] ?? '';
    if (kinds.has(kind))
      return { message: `tier ${quoted(text)} says one thing twice, at ${quoted(part)}`, remedy: 'write one row for each' };
    kinds.add(kind);
    tier = { ...tier, ...parsed };
  }
  return tier;
}

function parsePart(part: string): Partial<Tier> | TierError {
  if (SERVICE_TIERS.includes(part)) return { serviceTier: part };
  const [, prompt] = /^prompt>([1-9]\d{0,9})$/.exec(part) ?? [];
  if (prompt !== undefined) return { promptOver: Number(prompt) };
  const [, region] = /^region:([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(part) ?? [];
  if (region !== undefined) return { region };
  const [, from, to] = /^hours:(\d{2}:\d{2})-(\d{2}:\d{2})$/.exec(part) ?? [];
  const [minuteFrom, minuteTo] = [minuteOf(from), minuteOf(to)];
  if (minuteFrom !== null && minuteTo !== null && minuteFrom !== minuteTo && minuteFrom < 1440) return { minuteFrom, minuteTo };
  return {
    message: `tier part ${quoted(part)} is not known`,
    remedy: suggest(part, PARTS, `write nothing, or parts such as ${PARTS.join(', ')} joined by +`),
  };
}

function minuteOf(clock: string | undefined): number | null {
  if (clock === undefined || !/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(clock)) return null;
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
}
