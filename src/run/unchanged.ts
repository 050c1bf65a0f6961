// Open months that a run need not compute: what it would publish of them is what is published. A night computes the current month, and
// those before it only where evidence, configuration or models say something else than when they were computed.
// Invariant: a month is left only where all that its figures depend on is known to be the same; else it is computed.
import { join } from 'node:path';
import { firstDay, type Month, monthOf, monthsThrough, plusMonths } from '../kernel/period.js';
import type { Pipeline, Rule } from '../pipeline/pipeline.js';
import type { Manifest } from '../publish/directory.js';
import { damagedFiles } from '../publish/kept.js';
import { sha256Of } from './books.js';
import { carriedMonths, ownMonths, publishedFiles, publishedRows } from './carried.js';
import { modelOf, type RunContext, type Unchanged } from './execute.js';
import { runFolder } from './manifest.js';
import { identityOf, type Span, spansOf, usageDigests } from './month-evidence.js';
import { periodRow } from './parameters.js';
import { bytesIn, writeAside, writeBytes } from './state.js';

const NAME = 'months.json';

/** A month as the run found it that computed it. */
interface KnownMonth {
  /** What all evidence but usage comes to that speaks of the month and of no earlier one of the books, rejected records too. */
  readonly evidence: string;
  /** Digest of the sums of its usage. */
  readonly usage: string;
  /** Hash of the file that keeps them: where it is the same, nobody looks at them. */
  readonly sums: string;
  /** Shared services that bore cost in it. */
  readonly services: readonly string[];
  /** All that is published of it is what is computed; else only its cost was compared, since it was no month of the run's own. */
  readonly isOwn: boolean;
  /** What that found. It is told each night. */
  readonly warnings: readonly string[];
}

/** Lies beside the manifest of a run: months that it published, or found published, as they are computed. */
interface KnownMonths {
  /** All but evidence: configuration, models, versions, and what the as-of day says to them. */
  readonly identity: string;
  readonly months: Readonly<Record<Month, KnownMonth>>;
}

/**
 * May months be left? `previous_month` weighs a month by the one before it; what is closed is adjusted by whatever came since; and a run of
 * one month does what it is told.
 */
export function mayLeave(
  { engine, rules }: Pipeline,
  { alone, closed }: { readonly alone: boolean; readonly closed: number },
): boolean {
  return engine.kind === 'duckdb' && !alone && closed === 0 && !rules.some((rule) => isSliding(rule) || isHuge(rule));
}

function isSliding({ method }: Rule): boolean {
  return 'within' in method && method.within.some((grain) => grain.includes('previous_month'));
}

/** Without its usage a month is idle as a whole, and the engine would compute a capacity of more digits, times its days, beyond its reach for nobody. */
function isHuge({ method }: Rule): boolean {
  const capacity = method.kind === 'driver' ? (method.idle?.capacity ?? []) : [];
  return capacity.some(({ quantity }) => (quantity.split('.')[0] ?? '').length > 12);
}

/** What a run leaves, and what it tells the next one. */
export class UnchangedMonths implements Unchanged {
  readonly #published: Manifest | null;
  readonly #isAnew: boolean;
  readonly #told = new Map<Month, string[]>();
  #identity = '';
  #spans: readonly Span[] = [];
  #usage: ReadonlyMap<Month, string> = new Map();
  #left: ReadonlyMap<Month, KnownMonth> = new Map();

  /** `anew`: every month is computed, whatever is known. */
  constructor(published: Manifest | null, anew: boolean) {
    this.#published = published;
    this.#isAnew = anew;
  }

  get months(): readonly Month[] {
    return [...this.#left.keys()];
  }

  tell(month: Month, warning: string): void {
    this.#told.set(month, [...(this.#told.get(month) ?? []), warning]);
  }

  warningsOf(month: Month): readonly string[] {
    return this.#left.get(month)?.warnings ?? [];
  }

  async find(context: RunContext): Promise<void> {
    this.#spans = await spansOf(context);
    this.#identity = await identityOf(context);
    const known = await this.#known(context);
    this.#usage = await this.#usageOf(context, known);
    const border = known === null ? context.pipeline.start : await this.#border(context, known);
    this.#left = new Map(Object.entries(known?.months ?? {}).filter(([month]) => month < border));
    if (this.#published === null || this.#left.size === 0) return;
    await this.#tellModels(context, this.#published);
    const [first = '', last = first] = [this.months[0], this.months.at(-1)];
    const which = first === last ? first : `${first} through ${last}`;
    context.listener({ kind: 'note', level: 'info', message: `nothing changed of what makes ${which}: left as published` });
  }

  async note(context: RunContext, runId: string): Promise<void> {
    const { pipeline, period, kept } = context;
    const own = ownMonths(period);
    const services = await servicesOf(context);
    const months: Record<Month, KnownMonth> = {};
    for (const month of [...own, ...carriedMonths(context, this.#published).months].sort()) {
      const sums = kept?.keptSumsOf(month) ?? null;
      const usage = this.#usage.get(month);
      // Of months outside the books, and of the current one, nobody asks.
      if (sums === null || usage === undefined) continue;
      const computed = { services: services.get(month) ?? [], isOwn: own.includes(month), warnings: this.#told.get(month) ?? [] };
      months[month] = { ...(this.#left.get(month) ?? computed), evidence: this.#evidenceOf(month), usage, sums };
    }
    const known: KnownMonths = { identity: this.#identity, months };
    const bytes = Buffer.from(`${JSON.stringify(known, null, 2)}\n`);
    await writeAside(join(runFolder(pipeline.stateDir, runId), NAME), async (aside) => writeBytes(aside, bytes));
  }

  /** What the published run knew; null where it knew nothing that counts today. */
  async #known({ pipeline }: RunContext): Promise<KnownMonths | null> {
    if (this.#published === null || this.#isAnew) return null;
    const known = parsed(await bytesIn(join(runFolder(pipeline.stateDir, this.#published.runId), NAME)));
    return known?.identity === this.#identity ? known : null;
  }

  /** The first month that is computed: the first one with news, or before it where something reaches from there across. */
  async #border(context: RunContext, known: KnownMonths): Promise<Month> {
    const { pipeline, period } = context;
    const current = monthOf(period.asOf);
    let border = pipeline.start;
    while (border < current && (await this.#isUnchanged(context, border, known))) border = plusMonths(border, 1);
    for (let next = this.#before(border, known); next < border; next = this.#before(border, known)) border = next;
    return border;
  }

  /** The border moves before what reaches across it, and before a month that is no more than compared: the next one tells its cost beside its own. */
  #before(border: Month, { months }: KnownMonths): Month {
    const reaching = this.#spans.filter(({ first, last }) => first < border && last >= border).map(({ first }) => first);
    const last = plusMonths(border, -1);
    return [border, ...reaching, ...(months[last]?.isOwn === false ? [last] : [])].sort()[0] ?? border;
  }

  async #isUnchanged(context: RunContext, month: Month, known: KnownMonths): Promise<boolean> {
    const before = known.months[month];
    if (before?.evidence !== this.#evidenceOf(month) || before.usage !== this.#usage.get(month)) return false;
    if (!before.isOwn && ownMonths(context.period).includes(month)) return false;
    return (await damagedFiles(publishedFiles(context.pipeline, this.#published, [month]))).length === 0;
  }

  #evidenceOf(month: Month): string {
    const spans = this.#spans.filter(({ first }) => first === month).map(({ last, digest }) => `${last} ${digest}`);
    return sha256Of(spans.sort().join('\n'));
  }

  /** Digests of the usage of months before the current one. Only where a file of sums is another one its rows are looked at. */
  async #usageOf(context: RunContext, known: KnownMonths | null): Promise<ReadonlyMap<Month, string>> {
    const { pipeline, period, kept } = context;
    const months = monthsThrough(pipeline.start, plusMonths(monthOf(period.asOf), -1));
    const same = months.flatMap((month): (readonly [Month, string])[] => {
      const before = known?.months[month];
      return before !== undefined && kept?.sumsOf(month) === before.sums ? [[month, before.usage]] : [];
    });
    const others = months.filter((month) => !same.some(([each]) => each === month));
    return new Map([...same, ...(await usageDigests(context, others))]);
  }

  async #tellModels(context: RunContext, published: Manifest): Promise<void> {
    const { pipeline, period, engine, warehouse } = context;
    const fill = async (name: string, rows: Parameters<typeof engine.fill>[1]): Promise<void> =>
      engine.fill(modelOf(context, name), rows);
    const left = [...this.#left];
    await fill(
      'run.unchanged_month',
      left.map(([month]) => ({ billing_month: firstDay(month) })),
    );
    await fill(
      'run.unchanged_service',
      left.flatMap(([month, { services }]) => services.map((id) => ({ billing_month: firstDay(month), feature_id: id }))),
    );
    const last = this.months.slice(-1);
    await warehouse.run(costSelect(publishedRows(context, published, 'showback_feature_month', last)));
    const model = modelOf(context, 'run.period');
    await engine.createEmpty(model);
    const [firstMonth = period.lastMonth] = ownMonths(period).filter((month) => !this.#left.has(month));
    await engine.fill(model, [periodRow(pipeline, { ...period, firstMonth })]);
  }
}

/** Null where nobody wrote it, or not as it should be: nothing is lost, and every month is computed. */
function parsed(bytes: Uint8Array | null): KnownMonths | null {
  try {
    const told: unknown = bytes === null ? null : JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isKnown(told) ? told : null;
  } catch {
    return null;
  }
}

function isKnown(told: unknown): told is KnownMonths {
  if (typeof told !== 'object' || told === null || !('identity' in told) || !('months' in told)) return false;
  const { months } = told;
  return typeof months === 'object' && months !== null && Object.values(months).every(isKnownMonth);
}

function isKnownMonth(told: unknown): told is KnownMonth {
  if (typeof told !== 'object' || told === null || !('services' in told) || !('warnings' in told)) return false;
  return Array.isArray(told.services) && Array.isArray(told.warnings);
}

/** By month. */
async function servicesOf({ engine }: RunContext): Promise<ReadonlyMap<Month, readonly string[]>> {
  const rows = await engine.rows(`
    SELECT month_text(a.billing_month) AS month, string_agg(DISTINCT a.feature_id, chr(10) ORDER BY a.feature_id) AS services
    FROM allocation.allocated_cost AS a JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id GROUP BY ALL`);
  return new Map(rows.map(({ month, services }) => [month ?? '', (services ?? '').split('\n')]));
}

function costSelect(published: string): string {
  return `INSERT INTO run.unchanged_cost
    SELECT CAST(billing_month || '-01' AS DATE), currency, feature_id, category, basis, method_id, money_sum(amount) FROM ${published} GROUP BY ALL`;
}
