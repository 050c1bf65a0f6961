// Bills → sources: one a provider and kind, the money of each provider once.
import { freeId, nameOf, type SourceDraft, type Surroundings } from './draft.js';
import type { FocusFacts, Finding, Found } from './finding.js';
import { mergedFacts } from './gather.js';
import { bestTag } from './tags.js';
import { patternsFor } from './patterns.js';
import { providerId, slug } from './providers.js';

type Bill = Found & { readonly finding: Exclude<Finding, { kind: 'usage' | 'unknown' }> };

export interface BillContext extends Surroundings {
  /** Providers of the logs. */
  readonly used: readonly string[];
  /** Features of the logs: what a tag of bills is compared with. */
  readonly features: ReadonlySet<string>;
}

export interface BillDraft extends SourceDraft {
  readonly provider: string;
  readonly accounts: readonly string[];
  /** Key of the tag that names the feature, and the values that it has. */
  readonly tag: { readonly key: string; readonly values: ReadonlyMap<string, number> } | null;
}

/** The finer evidence first: it is what the statement is made of where two bring the same money. */
const ORDER: readonly Bill['finding']['kind'][] = [
  'aws-export',
  'focus',
  'aws-cur',
  'openai-costs',
  'anthropic-costs',
  'invoice-csv',
];

export function billSources(context: BillContext): readonly BillDraft[] {
  const bills = context.found.filter((each): each is Bill => each.finding.kind !== 'usage' && each.finding.kind !== 'unknown');
  const groups = new Map<string, Bill[]>();
  for (const bill of bills) {
    const key = JSON.stringify([ORDER.indexOf(bill.finding.kind), ...identityOf(bill, context)]);
    groups.set(key, [...(groups.get(key) ?? []), bill]);
  }
  const ordered = [...groups.values()].sort((a, b) => rankOf(a) - rankOf(b));
  return moneyOnce(ordered.map((group) => draftOf(group, context)));
}

function rankOf([first]: readonly Bill[]): number {
  return first === undefined ? 0 : ORDER.indexOf(first.finding.kind);
}

/** Files that belong to one source have the same. */
function identityOf(bill: Bill, context: BillContext): readonly string[] {
  const { finding } = bill;
  switch (finding.kind) {
    case 'aws-export':
      return [finding.path];
    case 'focus':
    case 'aws-cur':
      return [ownerOf(bill, context).provider];
    case 'openai-costs':
      return [...finding.facts.accounts];
    case 'anthropic-costs':
      return [];
    case 'invoice-csv':
      return [ownerOf(bill, context).provider, JSON.stringify(finding.csv)];
    default:
      return finding satisfies never;
  }
}

interface Owner {
  readonly provider: string;
  readonly doubts: readonly string[];
}

function ownerOf({ finding, file }: Bill, { used, below }: BillContext): Owner {
  const sure = (provider: string): Owner => ({ provider, doubts: [] });
  const named = nameOf([file.name], below) || 'vendor';
  switch (finding.kind) {
    case 'openai-costs':
      return sure('openai');
    case 'anthropic-costs':
      return sure('anthropic');
    case 'invoice-csv':
      return sure(providerId(finding.vendor ?? '') || (usedIn(file.name, used) ?? providerId(named)));
    case 'focus':
    case 'aws-cur':
    case 'aws-export':
      return ownerOfFocus(finding.facts, used, finding.kind === 'focus' ? named : 'aws');
    default:
      return finding satisfies never;
  }
}

/** The provider of a log whose name stands among the folders and the name of the file. */
function usedIn(name: string, used: readonly string[]): string | null {
  const words = name.split('/').flatMap((part) => slug(part).split(/[-_.]/));
  return used.find((provider) => words.includes(provider)) ?? null;
}

/** A source is of one provider. A file of several is taken for the one whose usage is logged, so that its usage is not charged twice. */
function ownerOfFocus({ vendors }: FocusFacts, used: readonly string[], otherwise: string): Owner {
  const ids = [...new Set(vendors.map(providerId))].filter((id) => id !== '').sort();
  const [only] = ids;
  if (only === undefined) return { provider: providerId(otherwise), doubts: [] };
  if (ids.length === 1) return { provider: only, doubts: [] };
  const logged = ids.filter((id) => used.includes(id));
  const provider = logged[0] ?? 'focus';
  const doubt = `holds the charges of ${ids.join(', ')}, all booked as \`${provider}\`: export each to files of its own`;
  const twice = logged
    .slice(1)
    .map((id) => `usage of \`${id}\` is charged at list price beside the bill until its charges have a file of their own`);
  return { provider, doubts: [doubt, ...twice] };
}

function draftOf(bills: readonly Bill[], context: BillContext): BillDraft {
  const [first] = bills;
  if (first === undefined) throw new Error('a source without files');
  const { provider } = ownerOf(first, context);
  const kind = first.finding.kind === 'aws-export' ? first.finding.of : first.finding.kind;
  const id = freeId(provider, context.taken);
  context.taken.add(id);
  const facts = mergedFacts(bills.map(({ finding }) => ({ ...NO_FOCUS, ...finding.facts })));
  const tag = kind === 'focus' || kind === 'aws-cur' ? bestTag(facts.tags, context.features) : null;
  return {
    id,
    kind,
    provider,
    role: 'money',
    spec: { provider, ...specOf(first, bills, context), ...(tag === null ? {} : { feature_tag: tag.key }) },
    remarks: [],
    doubts: [...new Set(bills.flatMap((bill) => [...ownerOf(bill, context).doubts, ...ownDoubts(bill)]))],
    files: bills.length,
    opened: bills.filter(({ opened }) => opened).length,
    rows: facts.lines,
    isPart: bills.some(({ opened, finding }) => opened && finding.facts.lines > 0 && finding.facts.isPart),
    currencies: facts.currencies,
    months: facts.months,
    firstDay: null,
    lastDay: facts.lastDay,
    services: facts.services,
    accounts: facts.accounts,
    tag,
  };
}

function ownDoubts({ finding }: Bill): readonly string[] {
  return finding.kind === 'invoice-csv' ? finding.doubts : [];
}

const NO_FOCUS = { vendors: [], services: [], tags: new Map() };

function specOf({ finding }: Bill, bills: readonly Bill[], { found, own: ours }: BillContext): Readonly<Record<string, unknown>> {
  const own = bills.map(({ file }) => file.name);
  const others = [...ours, ...found.map(({ file }) => file.name)].filter((name) => !own.includes(name));
  const files = () => ({ files: patternsFor(own, others) });
  switch (finding.kind) {
    case 'aws-export':
      return { layout: finding.layout, path: finding.path };
    case 'focus':
    case 'aws-cur':
    case 'openai-costs':
    case 'anthropic-costs':
      return files();
    case 'invoice-csv': {
      const { delimiter, encoding, decimal, dateFormat, columns, currency, total } = finding.csv;
      const csv = { delimiter, encoding, decimal, date_format: dateFormat };
      return { ...files(), csv, columns, ...(currency === null ? {} : { currency }), ...(total === null ? {} : { total }) };
    }
    default:
      return finding satisfies never;
  }
}

/** Bills of one provider are told apart by their accounts; where they cannot be, only the first brings money. */
function moneyOnce(drafts: readonly BillDraft[]): readonly BillDraft[] {
  return drafts.map((draft) => {
    const rivals = drafts.filter(({ provider }) => provider === draft.provider);
    const accounts = rivals.map((rival) => (rival.accounts.length === 1 ? rival.accounts[0] : undefined));
    const isApart = accounts.every((account) => account !== undefined) && new Set(accounts).size === rivals.length;
    if (rivals.length === 1) return draft;
    if (isApart) return { ...draft, spec: { ...draft.spec, account: draft.accounts[0] } };
    const [first] = rivals;
    if (first === undefined || first === draft) return draft;
    const doubt = `brings charges of ${draft.provider} beside \`${first.id}\`: it is compared and not counted (role: evidence); where it is another account, give both an \`account\``;
    return { ...draft, role: 'evidence', spec: { ...draft.spec, role: 'evidence' }, doubts: [...draft.doubts, doubt] };
  });
}
