// How the rows of each mart are explained. Every mart of the catalogue has its entry; a test holds that.
import type { Model } from '../model/catalog.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { FigureKind } from './api.js';
import { growBridge, growVariance } from './bridge.js';
import { growLedger, type View } from './ledger.js';
import { growPoolMonth } from './pools.js';
import { growBilledUsage, growCoverage, growCurrency, growJournal, growSchedule, growUnpriced } from './records.js';
import { growRows } from './rows.js';

export interface Explanation {
  /** Models that it reads besides those of the ledger. */
  readonly reads: readonly string[];
  readonly grow: (warehouse: Warehouse, mart: Model, most: number) => Promise<void>;
}

/** Kinds that end a path: evidence, or what its row says by itself. */
export const ENDS: readonly FigureKind[] = [
  'bill_line',
  'register',
  'usage',
  'declared',
  'weighing_cost',
  'idle_capacity',
  'service_month',
  'statement_row',
  'adjustment',
  'told',
  'rest',
];

const BRIDGE = ['reconciliation.bridge_month', 'reconciliation.bridge_part', 'reconciliation.bridge_key'];

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  showback_feature_day: ofLedger('told'),
  showback_feature_month: ofLedger('told'),
  showback_customer_month: ofLedger('told'),
  showback_team_month: ofLedger('told'),
  showback_owner_month: ofLedger('told_by_role'),
  customer_statement: ofLedger('told'),
  gl_journal: told(['allocation.statement'], growJournal),
  unallocated_month: ofLedger('told_unallocated'),
  adjustment_month: ofLedger('told_adjusted'),
  pool_month: told(['allocation.pool_entry'], growPoolMonth),
  amortization_schedule: told([], growSchedule),
  variance_bridge_month: told(BRIDGE, growBridge),
  variance_month: told(BRIDGE, growVariance),
  coverage_month: told(['allocation.covered_cost', 'reconciliation.bridge_month'], growCoverage),
  currency_month: told([], growCurrency),
  billed_usage_month: told([], growBilledUsage),
  unpriced_usage: told([], growUnpriced),
  // Their rows say where they come from: a file and row, a place of the registry, a control with both of its sides.
  reconciliation_month: told([], async () => undefined),
  rejected_record: told([], async () => undefined),
  unowned_feature_month: told([], async () => undefined),
  // Its rows say both amounts, and the runs that published them: `showback diff` says what moved.
  estimate_movement: told([], async () => undefined),
};

function ofLedger(view: View): Explanation {
  return told([], async (warehouse, mart, most) => growLedger(warehouse, view, mart.contract.grain, most));
}

function told(reads: Explanation['reads'], below: Explanation['grow']): Explanation {
  return {
    reads,
    grow: async (warehouse, mart, most) => {
      await growRows(warehouse, mart, most);
      await below(warehouse, mart, most);
    },
  };
}

/** @public Held to the catalogue by a test. */
export function isExplained(mart: string): boolean {
  return Object.hasOwn(EXPLANATIONS, mart);
}

export function explanationOf({ table }: Model): Explanation {
  const explanation = EXPLANATIONS[table];
  if (explanation === undefined) throw new Error(`no explanation of ${table}`);
  return explanation;
}
