-- What each pool of this level is shared by, at every grain that its rule tries: usage, dated shares, revenue, or cost allocated at earlier levels.
-- What follows charges follows bill lines: neither estimates nor the register of fixed costs. At `previous_month`, a month's driver weighs for the
-- month after it; what was logged before the books begin weighs for no month. Days are kept only for pools with a capacity, whose month's parts are laid on days afterwards.
-- Usage and cost are summed by the parts of their key before it is written as a text: there are many of them.
WITH grain AS (
  SELECT r.rule_no, r.method, r.driver, r.usage_provider, r.usage_sku, g.rank, g.grain, k.rule_no IS NOT NULL AS keeps_days, n.rule_no IS NOT NULL AS names_providers,
         strpos(g.grain, 'day') > 0 AS by_day, strpos(g.grain, 'month') > 0 AS by_month, strpos(g.grain, 'previous_month') > 0 AS by_previous,
         strpos(g.grain, 'provider') > 0 AS by_provider, strpos(g.grain, 'account') > 0 AS by_account, strpos(g.grain, 'invoice') > 0 AS by_invoice,
         strpos(g.grain, 'service') > 0 AS by_service, strpos(g.grain, 'sku') > 0 AS by_sku, strpos(g.grain, 'meter') > 0 AS by_meter
  FROM run.rule AS r
  JOIN run.level AS v ON v.level = r.level
  JOIN run.rule_grain AS g ON g.rule_no = r.rule_no
  LEFT JOIN (SELECT DISTINCT rule_no FROM run.rule_capacity) AS k ON k.rule_no = r.rule_no
  LEFT JOIN (SELECT DISTINCT rule_no FROM run.rule_provider) AS n ON n.rule_no = r.rule_no
), usage_driver AS (
  SELECT g.rule_no, g.rank, g.grain, '' AS currency, CASE WHEN g.by_day THEN u.usage_date END AS on_day, CASE WHEN g.by_month THEN month_start(u.usage_date) END AS in_month,
         CASE WHEN g.by_provider THEN u.provider END AS provider, CASE WHEN g.by_account THEN u.account_id END AS account_id, CAST(NULL AS VARCHAR) AS invoice_id, CAST(NULL AS VARCHAR) AS service,
         CASE WHEN g.by_sku THEN u.sku END AS sku, CASE WHEN g.by_meter THEN u.meter END AS meter, u.feature_id, u.customer_id,
         CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution ELSE '' END AS reason,
         coalesce(u.feature_tag, '') AS feature_tag, CASE WHEN g.keeps_days THEN u.usage_date END AS usage_date,
         money_sum(CASE WHEN g.driver = 'rated_cost' THEN u.weight_amount ELSE CAST(u.weight_quantity AS DECIMAL(38,12)) END) AS weight
  FROM rating.rated_usage AS u
  CROSS JOIN run.period AS p
  JOIN grain AS g ON g.method = 'driver' AND (g.driver = 'rated_cost' OR g.driver = u.meter) AND (u.usage_date >= p.start_month OR NOT g.by_previous)
    AND (g.usage_provider IS NULL OR u.provider LIKE g.usage_provider ESCAPE '\') AND (g.usage_sku IS NULL OR u.sku LIKE g.usage_sku ESCAPE '\')
  LEFT JOIN allocation.pool_rule AS own ON own.rule_no = g.rule_no AND own.feature_id = u.feature_id
  WHERE own.rule_no IS NULL AND CASE WHEN g.driver = 'rated_cost' THEN u.weight_amount > 0 ELSE u.weight_quantity > 0 END
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
), cost_driver AS (
  SELECT g.rule_no, g.rank, g.grain, coalesce(a.currency || ':', '') AS currency, CASE WHEN g.by_day THEN a.usage_date END AS on_day, CASE WHEN g.by_month THEN a.billing_month END AS in_month,
         CASE WHEN g.by_provider THEN a.provider END AS provider, CASE WHEN g.by_account THEN a.account_id END AS account_id, CASE WHEN g.by_invoice THEN a.invoice_id END AS invoice_id,
         CASE WHEN g.by_service THEN a.service END AS service, CASE WHEN g.by_sku THEN a.sku END AS sku, CASE WHEN g.by_meter THEN a.meter END AS meter, a.feature_id, a.customer_id,
         coalesce(a.reason, '') AS reason, coalesce(a.feature_tag, '') AS feature_tag, CAST(NULL AS DATE) AS usage_date, money_sum(a.amount) AS weight
  FROM allocation.allocated_cost AS a
  JOIN grain AS g ON g.method = 'proportional' OR (g.method = 'follow' AND a.basis IN ('billed', 'effective'))
  LEFT JOIN allocation.pool_rule AS passed ON passed.feature_id = a.feature_id
  LEFT JOIN run.rule_provider AS o ON o.rule_no = g.rule_no AND o.provider = a.provider
  WHERE a.amount > 0 AND passed.feature_id IS NULL AND (NOT g.names_providers OR o.rule_no IS NOT NULL)
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
), share_driver AS (
  SELECT s.rule_no, g.rank, grain_key(g.grain, d.usage_date, NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS grain_key, s.feature_id,
         CASE WHEN s.feature_id = '(idle)' THEN '(idle)' ELSE '(unallocated)' END AS customer_id, '' AS reason, '' AS feature_tag, CAST(NULL AS DATE) AS usage_date, s.share AS weight
  FROM (SELECT DISTINCT rule_no, usage_date FROM allocation.pool_item) AS d
  JOIN grain AS g ON g.rule_no = d.rule_no AND g.method = 'shares'
  JOIN run.rule_share AS s ON s.rule_no = d.rule_no AND s.valid_from <= d.usage_date AND (s.valid_through IS NULL OR s.valid_through >= d.usage_date)
), revenue_driver AS (
  SELECT g.rule_no, g.rank, grain_key(g.grain, NULL, served_month(g.grain, e.month), NULL, NULL, NULL, NULL, NULL, NULL) AS grain_key, e.feature_id,
         '(unallocated)' AS customer_id, '' AS reason, '' AS feature_tag, CAST(NULL AS DATE) AS usage_date, e.amount AS weight
  FROM run.revenue AS e JOIN grain AS g ON g.method = 'revenue'
  JOIN run.rule_share AS s ON s.rule_no = g.rule_no AND s.feature_id = e.feature_id
), keyed AS (
  SELECT rule_no, rank, currency || grain_key(grain, on_day, served_month(grain, in_month), provider, account_id, invoice_id, service, sku, meter) AS grain_key,
         feature_id, customer_id, reason, feature_tag, usage_date, weight
  FROM (SELECT * FROM usage_driver UNION ALL SELECT * FROM cost_driver) AS summed
)
SELECT rule_no, rank, grain_key, feature_id, customer_id, reason, feature_tag, usage_date, money_sum(weight) AS weight
FROM (SELECT * FROM keyed UNION ALL SELECT * FROM share_driver UNION ALL SELECT * FROM revenue_driver) AS every_driver
WHERE weight > 0
GROUP BY rule_no, rank, grain_key, feature_id, customer_id, reason, feature_tag, usage_date
