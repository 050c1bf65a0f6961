-- How what is published of a month moved from run to run: what was told before, and what this run changes. A month that was published
-- before there was this mart begins with what it cost then.
WITH side AS (
  SELECT d.billing_month, d.usage_date, d.original_month, d.feature_id, d.category, d.currency, d.finality, d.amount, 'now' AS side
  FROM marts.showback_feature_day AS d
  UNION ALL
  SELECT c.billing_month, c.usage_date, c.original_month, c.feature_id, c.category, c.currency, c.finality, c.amount, 'before' AS side
  FROM run.published_cost AS c
), cost AS (
  SELECT s.billing_month, s.original_month, s.feature_id, s.category, s.currency,
         min(CASE WHEN s.side = 'before' THEN CASE s.finality WHEN 'estimated' THEN 1 WHEN 'provisional' THEN 2 WHEN 'final' THEN 3 ELSE 4 END END) AS previous_order,
         min(CASE WHEN s.side = 'now' THEN CASE s.finality WHEN 'estimated' THEN 1 WHEN 'provisional' THEN 2 WHEN 'final' THEN 3 ELSE 4 END END) AS finality_order,
         money_sum(CASE WHEN s.side = 'before' THEN s.amount END) AS previous_amount,
         money_sum(CASE WHEN s.side = 'now' THEN s.amount END) AS amount,
         money_sum(CASE WHEN s.usage_date <= p.as_of AND s.usage_date <= b.previous_as_of THEN CASE s.side WHEN 'now' THEN s.amount ELSE -s.amount END END) AS restated
  FROM side AS s
  JOIN run.publication AS b ON b.billing_month = s.billing_month
  CROSS JOIN run.period AS p
  GROUP BY s.billing_month, s.original_month, s.feature_id, s.category, s.currency
), told AS (
  SELECT m.billing_month, m.step, m.run_id, m.as_of, m.previous_run_id, m.previous_as_of, m.original_month, m.feature_id, m.category, m.currency,
         m.previous_finality, m.finality, m.previous_amount, m.amount, m.movement, m.restated
  FROM run.published_movement AS m
  UNION ALL
  SELECT c.billing_month, CAST(1 AS INTEGER), b.previous_run_id, b.previous_as_of, CAST(NULL AS VARCHAR), CAST(NULL AS DATE), c.original_month, c.feature_id,
         c.category, c.currency, CAST(NULL AS VARCHAR), CASE c.previous_order WHEN 1 THEN 'estimated' WHEN 2 THEN 'provisional' WHEN 3 THEN 'final' ELSE 'closed' END,
         CAST(NULL AS DECIMAL(38,12)), c.previous_amount, c.previous_amount, CAST(NULL AS DECIMAL(38,12))
  FROM cost AS c
  JOIN run.publication AS b ON b.billing_month = c.billing_month
  LEFT JOIN (SELECT DISTINCT billing_month FROM run.published_movement) AS m ON m.billing_month = c.billing_month
  WHERE m.billing_month IS NULL AND c.previous_order IS NOT NULL
)
SELECT t.* FROM told AS t
UNION ALL
SELECT c.billing_month, CAST(coalesce(l.step, 0) + 1 AS INTEGER) AS step, b.run_id, p.as_of, b.previous_run_id, b.previous_as_of, c.original_month, c.feature_id,
       c.category, c.currency, CASE c.previous_order WHEN 1 THEN 'estimated' WHEN 2 THEN 'provisional' WHEN 3 THEN 'final' WHEN 4 THEN 'closed' END AS previous_finality,
       CASE c.finality_order WHEN 1 THEN 'estimated' WHEN 2 THEN 'provisional' WHEN 3 THEN 'final' WHEN 4 THEN 'closed' END AS finality, c.previous_amount, c.amount,
       coalesce(c.amount, CAST(0 AS DECIMAL(38,12))) - coalesce(c.previous_amount, CAST(0 AS DECIMAL(38,12))) AS movement,
       CASE WHEN b.previous_run_id IS NULL THEN CAST(NULL AS DECIMAL(38,12)) ELSE coalesce(c.restated, CAST(0 AS DECIMAL(38,12))) END AS restated
FROM cost AS c
JOIN run.publication AS b ON b.billing_month = c.billing_month
CROSS JOIN run.period AS p
LEFT JOIN (SELECT billing_month, max(step) AS step FROM told GROUP BY billing_month) AS l ON l.billing_month = c.billing_month
WHERE c.finality_order IS DISTINCT FROM c.previous_order OR c.amount IS DISTINCT FROM c.previous_amount
