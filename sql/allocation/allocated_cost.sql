-- What every target bears, appended level by level. Level 0 is usage that no bill covers; lines that no rule takes are unallocated at level 1.
WITH placed AS (
  SELECT s.item_key, s.target, i.usage_date, s.amount FROM allocation.pool_share AS s JOIN allocation.pool_item AS i ON i.item_key = s.item_key WHERE NOT i.by_month
  UNION ALL
  SELECT p.pool_item_key, p.target, s.usage_date, s.amount FROM allocation.month_part_share AS s JOIN allocation.month_part_item AS p ON p.item_key = s.item_key
), shared AS (
  SELECT i.rule_no, i.billing_month, p.usage_date, i.provider, i.account_id, i.invoice_id, i.service, i.sku, i.meter, i.category, i.basis, i.finality, i.currency,
         w.feature_id, w.customer_id, nullif(w.reason, '') AS reason, nullif(w.feature_tag, '') AS feature_tag,
         r.pool_id || '/' || r.method_name || coalesce('@' || g.grain, '') AS method_id, p.amount
  FROM placed AS p
  JOIN allocation.pool_item AS i ON i.item_key = p.item_key
  JOIN run.rule AS r ON r.rule_no = i.rule_no
  LEFT JOIN allocation.pool_grain AS g ON g.item_key = p.item_key
  LEFT JOIN allocation.pool_weight AS w ON w.item_key = p.item_key AND w.target = p.target
  UNION ALL
  SELECT rule_no, billing_month, usage_date, provider, account_id, invoice_id, service, sku, meter, category, basis, finality, currency,
         feature_id, customer_id, reason, feature_tag, method_id, amount
  FROM allocation.direct_share
), borne AS (
  SELECT s.*, undeclared.feature_id AS undeclared
  FROM shared AS s
  LEFT JOIN run.rule_feed AS f ON f.rule_no = s.rule_no AND f.feature_id = s.feature_id
  LEFT JOIN allocation.pool_rule AS undeclared ON undeclared.feature_id = s.feature_id AND s.rule_no > 0 AND f.rule_no IS NULL
), target AS (
  SELECT b.*, CASE WHEN b.feature_id IS NULL OR b.undeclared IS NOT NULL THEN '(unallocated)' ELSE b.feature_id END AS to_feature,
    CASE WHEN b.feature_id IS NULL OR b.undeclared IS NOT NULL THEN '(unallocated)' ELSE b.customer_id END AS to_customer,
    CASE WHEN b.feature_id IS NULL THEN 'no_driver' WHEN b.undeclared IS NOT NULL THEN 'undeclared_feed' ELSE b.reason END AS why,
    coalesce(b.undeclared, b.feature_tag) AS tag
  FROM borne AS b
)
SELECT v.level, t.rule_no, t.billing_month, t.usage_date, t.provider, t.account_id, t.invoice_id, t.service, t.sku, t.meter, t.category, t.basis, t.finality,
       t.currency, t.to_feature AS feature_id, t.to_customer AS customer_id, t.why AS reason, t.tag AS feature_tag, t.method_id, money_sum(t.amount) AS amount
FROM target AS t
CROSS JOIN run.level AS v
GROUP BY v.level, t.rule_no, t.billing_month, t.usage_date, t.provider, t.account_id, t.invoice_id, t.service, t.sku, t.meter, t.category, t.basis, t.finality,
         t.currency, t.to_feature, t.to_customer, t.why, t.tag, t.method_id
UNION ALL
SELECT v.level, 0, month_start(u.usage_date), u.usage_date, u.provider, u.account_id, NULL, NULL, u.sku, u.meter, 'Usage', 'rated', 'estimated', u.currency,
       u.feature_id, u.customer_id, CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution END, u.feature_tag, 'usage/rated',
       money_sum(u.rated_amount)
FROM rating.rated_usage AS u
JOIN run.level AS v ON v.level = 0
CROSS JOIN run.period AS p
LEFT JOIN allocation.covered_usage AS c ON c.provider = u.provider AND c.account_id IS NOT DISTINCT FROM u.account_id
  AND c.service_tier = u.service_tier AND c.usage_date = u.usage_date
WHERE c.provider IS NULL AND u.rated_amount <> 0 AND u.usage_date >= p.start_month
GROUP BY v.level, u.usage_date, u.provider, u.account_id, u.sku, u.meter, u.currency, u.feature_id, u.customer_id,
         CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution END, u.feature_tag
