-- What each pool of this level is shared by, at every grain that its rule tries: usage, dated shares, revenue, or cost allocated at earlier levels.
-- What follows charges follows bill lines: neither estimates nor the register of fixed costs. At `previous_month`, a month's driver weighs for the
-- month after it; what was logged before the books begin weighs for no month. Days are kept only for pools with a capacity, whose month's parts are laid on days afterwards.
WITH usage_driver AS (
  SELECT r.rule_no, g.rank, grain_key(g.grain, u.usage_date, served_month(g.grain, month_start(u.usage_date)), u.provider, u.account_id, NULL, NULL, u.sku, u.meter) AS grain_key,
         u.feature_id, u.customer_id, CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution ELSE '' END AS reason,
         coalesce(u.feature_tag, '') AS feature_tag, CASE WHEN k.rule_no IS NOT NULL THEN u.usage_date END AS usage_date,
         CASE WHEN r.driver = 'rated_cost' THEN u.weight_amount ELSE CAST(u.weight_quantity AS DECIMAL(38,12)) END AS weight
  FROM rating.rated_usage AS u
  JOIN run.rule AS r ON r.method = 'driver' AND (r.driver = 'rated_cost' OR r.driver = u.meter)
    AND (r.usage_provider IS NULL OR u.provider LIKE r.usage_provider ESCAPE '\') AND (r.usage_sku IS NULL OR u.sku LIKE r.usage_sku ESCAPE '\')
  JOIN run.level AS v ON v.level = r.level
  CROSS JOIN run.period AS p
  JOIN run.rule_grain AS g ON g.rule_no = r.rule_no AND (u.usage_date >= p.start_month OR strpos(g.grain, 'previous_month') = 0)
  LEFT JOIN (SELECT DISTINCT rule_no FROM run.rule_capacity) AS k ON k.rule_no = r.rule_no
  LEFT JOIN allocation.pool_rule AS own ON own.rule_no = r.rule_no AND own.feature_id = u.feature_id
  WHERE own.rule_no IS NULL
), share_driver AS (
  SELECT s.rule_no, g.rank, grain_key(g.grain, d.usage_date, NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS grain_key, s.feature_id,
         CASE WHEN s.feature_id = '(idle)' THEN '(idle)' ELSE '(unallocated)' END AS customer_id, '' AS reason, '' AS feature_tag, CAST(NULL AS DATE) AS usage_date, s.share AS weight
  FROM (SELECT DISTINCT rule_no, usage_date FROM allocation.pool_item) AS d
  JOIN run.rule AS r ON r.rule_no = d.rule_no AND r.method = 'shares'
  JOIN run.rule_grain AS g ON g.rule_no = r.rule_no
  JOIN run.rule_share AS s ON s.rule_no = d.rule_no AND s.valid_from <= d.usage_date AND (s.valid_through IS NULL OR s.valid_through >= d.usage_date)
), revenue_driver AS (
  SELECT r.rule_no, g.rank, grain_key(g.grain, NULL, served_month(g.grain, e.month), NULL, NULL, NULL, NULL, NULL, NULL) AS grain_key, e.feature_id,
         '(unallocated)' AS customer_id, '' AS reason, '' AS feature_tag, CAST(NULL AS DATE) AS usage_date, e.amount AS weight
  FROM run.revenue AS e
  JOIN run.rule AS r ON r.method = 'revenue'
  JOIN run.level AS v ON v.level = r.level
  JOIN run.rule_grain AS g ON g.rule_no = r.rule_no
  JOIN run.rule_share AS s ON s.rule_no = r.rule_no AND s.feature_id = e.feature_id
), cost_driver AS (
  SELECT r.rule_no, g.rank, coalesce(a.currency || ':', '') || grain_key(g.grain, a.usage_date, served_month(g.grain, a.billing_month), a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter) AS grain_key,
         a.feature_id, a.customer_id, coalesce(a.reason, '') AS reason, coalesce(a.feature_tag, '') AS feature_tag, CAST(NULL AS DATE) AS usage_date, a.amount AS weight
  FROM allocation.allocated_cost AS a
  JOIN run.rule AS r ON r.method IN ('proportional', 'follow')
  JOIN run.level AS v ON v.level = r.level
  JOIN run.rule_grain AS g ON g.rule_no = r.rule_no
  LEFT JOIN allocation.pool_rule AS passed ON passed.feature_id = a.feature_id
  LEFT JOIN (SELECT rule_no, count(*) AS providers FROM run.rule_provider GROUP BY rule_no) AS n ON n.rule_no = r.rule_no
  LEFT JOIN run.rule_provider AS o ON o.rule_no = r.rule_no AND o.provider = a.provider
  WHERE a.amount > 0 AND passed.feature_id IS NULL AND (n.rule_no IS NULL OR o.rule_no IS NOT NULL)
    AND (r.method = 'proportional' OR a.basis IN ('billed', 'effective'))
)
SELECT rule_no, rank, grain_key, feature_id, customer_id, reason, feature_tag, usage_date, money_sum(weight) AS weight
FROM (SELECT * FROM usage_driver UNION ALL SELECT * FROM share_driver UNION ALL SELECT * FROM revenue_driver UNION ALL SELECT * FROM cost_driver) AS every_driver
WHERE weight > 0
GROUP BY rule_no, rank, grain_key, feature_id, customer_id, reason, feature_tag, usage_date
