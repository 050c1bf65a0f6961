-- What needs no sharing at this level: charges that name their feature, and lines that no rule takes (level 1): an unused commitment is idle,
-- the rest unallocated.
WITH named AS (
  SELECT l.*, r.pool_id || '/' || r.method_name AS method_id,
    CASE WHEN r.via_tag AND l.feature_tag IS NOT NULL THEN t.feature_id
         WHEN r.via_account AND coalesce(s.feature_id, a.feature_id) IS NOT NULL THEN coalesce(s.feature_id, a.feature_id)
         WHEN r.via_principal THEN p.feature_id END AS named_feature,
    CASE WHEN r.via_tag AND l.feature_tag IS NOT NULL AND t.feature_id IS NULL THEN 'unregistered_feature' ELSE 'untagged' END AS missing
  FROM allocation.pool_line AS l
  JOIN run.rule AS r ON r.rule_no = l.rule_no AND r.method = 'direct'
  LEFT JOIN run.feature AS t ON t.feature_id = l.feature_tag
  LEFT JOIN run.feature_mapping AS s ON s.kind = 'account' AND s.value = l.sub_account_id
  LEFT JOIN run.feature_mapping AS a ON a.kind = 'account' AND a.value = l.account_id
  LEFT JOIN run.feature_mapping AS p ON p.kind = 'principal' AND p.value = l.resource
), untaken AS (
  SELECT l.billing_month, d.usage_date, l.provider, l.account_id, l.invoice_id, l.service, l.sku, l.meter, l.category, l.basis, l.finality, l.currency,
         coalesce(l.commitment_status, '') = 'Unused' AS is_unused, d.amount
  FROM allocation.cost_day AS d
  JOIN allocation.cost_line AS l ON l.line_key = d.line_key
  JOIN allocation.line_rule AS m ON m.line_key = d.line_key AND m.rule_no IS NULL
  JOIN run.level AS v ON v.level = 1
)
SELECT rule_no, billing_month, usage_date, provider, account_id, invoice_id, service, sku, meter, category, basis, finality, currency,
       coalesce(named_feature, '(unallocated)') AS feature_id, '(unallocated)' AS customer_id,
       CASE WHEN named_feature IS NULL THEN missing END AS reason, CASE WHEN named_feature IS NULL THEN feature_tag END AS feature_tag, method_id,
       money_sum(amount) AS amount
FROM named
GROUP BY rule_no, billing_month, usage_date, provider, account_id, invoice_id, service, sku, meter, category, basis, finality, currency,
         named_feature, CASE WHEN named_feature IS NULL THEN missing END, CASE WHEN named_feature IS NULL THEN feature_tag END, method_id
UNION ALL
SELECT 0, billing_month, usage_date, provider, account_id, invoice_id, service, sku, meter, category, basis, finality, currency,
       CASE WHEN is_unused THEN '(idle)' ELSE '(unallocated)' END, CASE WHEN is_unused THEN '(idle)' ELSE '(unallocated)' END,
       CASE WHEN is_unused THEN NULL ELSE 'no_rule' END, NULL,
       CASE WHEN is_unused THEN '(commitment)/unused' ELSE '(none)/no rule' END, money_sum(amount)
FROM untaken
GROUP BY billing_month, usage_date, provider, account_id, invoice_id, service, sku, meter, category, basis, finality, currency, is_unused
