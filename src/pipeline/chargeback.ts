// The accounts of the journal: those of both sides differ, and categories are those that features have.
import { suggest } from '../kernel/nearest.js';
import type { Chargeback, Feature } from './pipeline.js';
import type { PipelineSpec } from './spec-pipeline.js';
import { problem, quoted, type Report } from './text.js';
import type { YamlFile } from './yaml-places.js';

type Spec = NonNullable<PipelineSpec['chargeback']>;

export function chargebackOf(
  spec: Spec | undefined,
  features: readonly Pick<Feature, 'category'>[],
  file: YamlFile,
  report: Report,
): Chargeback | null {
  if (spec === undefined) return null;
  const { expense_account: expense, expense_accounts: byCategory, clearing_account: clearing } = spec;
  const categories = [...new Set(features.map(({ category }) => category))];
  const used: readonly (readonly [account: string, path: readonly string[]])[] = [
    [expense, ['expense_account']],
    ...Object.entries(byCategory).map(([name, account]) => [account, ['expense_accounts', name]] as const),
  ];
  for (const [account, path] of used) {
    if (account !== clearing) continue;
    const message = `${quoted(account)} is \`clearing_account\` too: its lines would cancel each other`;
    report(problem('bad-value', file.at(['chargeback', ...path]), message, 'name two accounts'));
  }
  for (const name of Object.keys(byCategory)) {
    // No feature could be read: that is told where they are.
    if (categories.length === 0 || categories.includes(name)) continue;
    const spot = file.atKey(['chargeback', 'expense_accounts', name]);
    report(problem('unknown-value', spot, `no feature has the category ${quoted(name)}`, suggest(name, categories)));
  }
  return {
    by: spec.by,
    expenseAccount: expense,
    expenseAccounts: Object.entries(byCategory).map(([category, account]) => ({ category, account })),
    clearingAccount: clearing,
    costCenter: spec.cost_center,
  };
}
