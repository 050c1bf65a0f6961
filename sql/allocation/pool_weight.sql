-- The weights of each item. Where a capacity is declared, what the driver leaves of it is idle; in an open month the capacity counts
-- for the days gone by, so driver and capacity are both scaled by days and nothing is divided.
WITH target AS (
  SELECT g.item_key, i.rule_no, i.billing_month, i.by_month, d.feature_id, d.customer_id, d.reason, d.feature_tag, money_sum(d.weight) AS weight
  FROM allocation.pool_grain AS g
  JOIN allocation.pool_item AS i ON i.item_key = g.item_key
  JOIN allocation.driver AS d ON d.rule_no = g.rule_no AND d.rank = g.rank AND d.grain_key = g.grain_key
  GROUP BY g.item_key, i.rule_no, i.billing_month, i.by_month, d.feature_id, d.customer_id, d.reason, d.feature_tag
), used AS (
  SELECT i.item_key, i.rule_no, i.billing_month, coalesce(money_sum(t.weight), CAST(0 AS DECIMAL(38,12))) AS weight
  FROM allocation.pool_item AS i
  LEFT JOIN target AS t ON t.item_key = i.item_key
  WHERE i.by_month
  GROUP BY i.item_key, i.rule_no, i.billing_month
), idle AS (
  SELECT u.item_key, r.idle_feature AS feature_id,
         CAST(c.capacity * CAST(days_between(u.billing_month, CASE WHEN p.as_of < add_months(u.billing_month, 1) THEN add_days(p.as_of, 1)
                                                             ELSE add_months(u.billing_month, 1) END) AS DECIMAL(3,0)) AS DECIMAL(38,12))
           - CAST(CAST(u.weight AS DECIMAL(35,12)) * CAST(days_between(u.billing_month, add_months(u.billing_month, 1)) AS DECIMAL(3,0)) AS DECIMAL(38,12)) AS weight
  FROM used AS u
  JOIN run.rule AS r ON r.rule_no = u.rule_no AND r.idle_feature IS NOT NULL
  JOIN run.rule_capacity AS c ON c.rule_no = u.rule_no AND c.month = u.billing_month
  CROSS JOIN run.period AS p
)
SELECT item_key, feature_id || '|' || customer_id || '|' || reason || '|' || feature_tag AS target, feature_id, customer_id, reason, feature_tag,
       CASE WHEN by_month THEN CAST(CAST(weight AS DECIMAL(35,12)) * CAST(days_between(billing_month, add_months(billing_month, 1)) AS DECIMAL(3,0)) AS DECIMAL(38,12)) ELSE weight END AS weight
FROM target
UNION ALL
SELECT item_key, feature_id || '|(idle)||', feature_id, '(idle)', '', '', weight
FROM idle
WHERE weight > 0
