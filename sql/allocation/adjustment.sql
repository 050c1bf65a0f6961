-- What evidence that came after the close changes of closed months: the latest posted state is reversed and entered again, in the first open month.
-- What is posted is what was closed, and what closed months after it adjusted. Only keys that changed appear.
WITH open_month AS (
  SELECT add_months(max(billing_month), 1) AS billing_month FROM run.closed_month
), side AS (
  SELECT p.original_month,
         p.usage_date, p.rule_no, p.provider, p.account_id, p.invoice_id, p.service, p.sku, p.meter, p.category,
         p.currency, p.basis, p.finality, p.method_id, p.feature_id, p.customer_id, p.reason, p.feature_tag, p.amount AS posted, CAST(0 AS DECIMAL(38,12)) AS restated
  FROM run.posted_cost AS p
  JOIN allocation.restated_month AS c ON c.billing_month = p.original_month
  UNION ALL
  SELECT i.billing_month,
         i.usage_date, i.rule_no, i.provider, i.account_id, i.invoice_id, i.service, i.sku, i.meter, i.category,
         i.currency, i.basis, i.finality, i.method_id, i.feature_id, i.customer_id, i.reason, i.feature_tag, CAST(0 AS DECIMAL(38,12)), i.amount
  FROM allocation.incurred_cost AS i
  JOIN allocation.restated_month AS c ON c.billing_month = i.billing_month AND c.same_rules
  UNION ALL
  SELECT r.billing_month,
         r.usage_date, r.rule_no, r.provider, r.account_id, r.invoice_id, r.service, r.sku, r.meter, r.category,
         r.currency, r.basis, r.finality, r.method_id, r.feature_id, r.customer_id, r.reason, r.feature_tag, CAST(0 AS DECIMAL(38,12)), r.amount
  FROM run.restated_cost AS r
  JOIN allocation.restated_month AS c ON c.billing_month = r.billing_month AND NOT c.same_rules
), moved AS (
  SELECT original_month, usage_date, rule_no, provider, account_id, invoice_id, service, sku, meter, category,
         currency, basis, finality, method_id, feature_id, customer_id, reason, feature_tag, money_sum(posted) AS posted, money_sum(restated) AS restated
  FROM side
  GROUP BY original_month, usage_date, rule_no, provider, account_id, invoice_id, service, sku, meter, category,
         currency, basis, finality, method_id, feature_id, customer_id, reason, feature_tag
  HAVING money_sum(posted) <> money_sum(restated)
)
SELECT o.billing_month, m.original_month, e.entry,
       m.usage_date, m.rule_no, m.provider, m.account_id, m.invoice_id, m.service, m.sku, m.meter, m.category,
       m.currency, m.basis, m.finality, m.method_id, m.feature_id, m.customer_id, m.reason, m.feature_tag,
       CASE e.entry WHEN 'reversal' THEN -m.posted ELSE m.restated END AS amount
FROM moved AS m
CROSS JOIN open_month AS o
JOIN run.period AS p ON o.billing_month <= month_start(p.as_of)
JOIN (VALUES ('reversal'), ('re-entry')) AS e (entry) ON CASE e.entry WHEN 'reversal' THEN m.posted ELSE m.restated END <> 0
