// Rules that run at once: what charges say of themselves first, then what the logs of their provider tell.
import type { BillDraft } from './bill-sources.js';
import { AI_SERVICE, isCloud } from './providers.js';
import type { UsedModel } from './unpriced.js';

export interface RuleDraft {
  readonly remark: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface RuleDrafts {
  readonly rules: readonly RuleDraft[];
  /** What no rule takes, in words. */
  readonly doubts: readonly string[];
}

/** Cost dumps name model and meter. Lines of other bills do so in words that a sku_map must translate first. */
const GRAINS = {
  named: [['day', 'sku', 'meter'], ['month', 'sku', 'meter'], ['month']],
  unnamed: [['day'], ['month']],
};

export function draftRules(bills: readonly BillDraft[], models: readonly UsedModel[]): RuleDrafts {
  const money = bills.filter(({ role }) => role === 'money');
  const rules = money.flatMap((bill) => [...taggedRule(bill), ...usageRule(bill, models)]);
  return { rules, doubts: doubtsOf(money, models) };
}

function taggedRule({ id, tag }: BillDraft): readonly RuleDraft[] {
  if (tag === null) return [];
  const spec = { pool: `${id}-tagged`, match: { source: id, [`tag:${tag.key}`]: '*' }, method: 'direct', via: ['tag'] };
  return [{ remark: `What carries the tag \`${tag.key}\` is borne by the feature that it names.`, spec }];
}

function usageRule(bill: BillDraft, models: readonly UsedModel[]): readonly RuleDraft[] {
  const { id, provider } = bill;
  const used = models.filter((model) => model.provider === provider);
  if (used.length === 0) return [];
  const services = servicesOf(bill);
  if (services !== null && services.length === 0) return [];
  const match = services === null ? { source: id } : { source: id, service: services };
  const driver = driverOf(used);
  const by =
    driver === 'rated_cost' ? 'what the usage would cost at the price in force' : `\`${driver}\`: no price is known for it`;
  const isNamed = bill.kind === 'openai-costs' || bill.kind === 'anthropic-costs';
  const what = services === null ? `Charges of ${provider}` : `Services of ${provider} that sell models`;
  const grain = isNamed
    ? 'the same day, model and meter, else of the month'
    : 'the same day, else of the month (a sku_map makes that finer)';
  const remark = `${what}, shared by ${by}; usage of ${grain}.`;
  const spec = {
    pool: services === null ? id : `${id}-models`,
    match,
    method: 'by',
    driver,
    usage: { provider },
    within: isNamed ? GRAINS.named : GRAINS.unnamed,
  };
  return [{ remark, spec }];
}

/** Null: all of them. Of a cloud those that sell models, as far as the bill has any. */
function servicesOf({ provider, services }: BillDraft): readonly string[] | null {
  return isCloud(provider) ? services.filter((service) => AI_SERVICE.test(service)) : null;
}

/** Where nothing has a price, what most events count. */
function driverOf(used: readonly UsedModel[]): string {
  const [meter] = used.flatMap(({ meters }) => meters);
  return used.some(({ hasPrice }) => hasPrice) || meter === undefined ? 'rated_cost' : meter;
}

/** One line for all bills of one plight. */
function doubtsOf(bills: readonly BillDraft[], models: readonly UsedModel[]): readonly string[] {
  const isUsed = ({ provider }: BillDraft) => models.some((model) => model.provider === provider);
  const isNamed = (bill: BillDraft) => servicesOf(bill)?.length !== 0;
  const told = (those: readonly BillDraft[], text: (names: string) => string) =>
    those.length === 0
      ? []
      : [text(those.map(({ id, tag }) => (tag === null ? id : `${id} (without the tag \`${tag.key}\`)`)).join(', '))];
  const used = bills.filter(isUsed);
  return [
    ...told(
      bills.filter((bill) => !isUsed(bill)),
      (names) =>
        `no log has usage of these bills, so their charges are (unallocated): ${names}; give the logs, or write rules (docs/pipeline.md#rules)`,
    ),
    ...told(
      used.filter((bill) => !isNamed(bill)),
      (names) =>
        `no service of these bills is known to sell models, so their charges are (unallocated): ${names}; name the service in a rule`,
    ),
    ...told(
      used.filter((bill) => isNamed(bill) && servicesOf(bill) !== null && servicesOf(bill)?.length !== bill.services.length),
      (names) => `charges of other services are (unallocated): ${names}; write rules for those that features should bear`,
    ),
  ];
}
