-- Every control of the run: what was expected, what is there, and whether the difference is within the control's own tolerance.
WITH every_control AS (
  SELECT * FROM reconciliation.usage_read
  UNION ALL
  SELECT * FROM reconciliation.usage_rated
  UNION ALL
  SELECT * FROM reconciliation.bill_read
  UNION ALL
  SELECT * FROM reconciliation.billed_usage_read
  UNION ALL
  SELECT * FROM reconciliation.evidence_total
  UNION ALL
  SELECT * FROM reconciliation.staging_rounding
  UNION ALL
  SELECT * FROM reconciliation.bill_total
  UNION ALL
  SELECT * FROM reconciliation.cur_total
  UNION ALL
  SELECT * FROM reconciliation.register_total
  UNION ALL
  SELECT * FROM reconciliation.allocation_conserves
  UNION ALL
  SELECT * FROM reconciliation.statement_identity
  UNION ALL
  SELECT * FROM reconciliation.restatement
  UNION ALL
  SELECT * FROM reconciliation.closed_register
  UNION ALL
  SELECT * FROM reconciliation.statement_rounded
  UNION ALL
  SELECT * FROM reconciliation.owner_total
  UNION ALL
  SELECT * FROM reconciliation.unpriced
  UNION ALL
  SELECT * FROM reconciliation.bridge_total
  UNION ALL
  SELECT * FROM reconciliation.variance_held
  UNION ALL
  SELECT * FROM reconciliation.rule_held
  UNION ALL
  SELECT * FROM reconciliation.currency_held
)
SELECT c.control, c.scope, coalesce(c.billing_month, month_start(p.as_of)) AS billing_month, coalesce(c.currency, '') AS currency, c.expected, c.actual,
       c.actual - c.expected AS difference, c.tolerance, abs(c.actual - c.expected) <= c.tolerance AS passed,
       c.billing_month IS NULL AS is_of_all_months
FROM every_control AS c
CROSS JOIN run.period AS p
