-- A target's part of a month lies on its days by its own driver; idle and unallocated parts lie evenly on the days that the pool had amounts.
SELECT p.item_key, CAST(d.usage_date AS VARCHAR) AS target, money_sum(d.weight) AS weight
FROM allocation.month_part_item AS p
JOIN allocation.pool_grain AS g ON g.item_key = p.pool_item_key
JOIN allocation.driver AS d ON d.rule_no = g.rule_no AND d.rank = g.rank AND d.grain_key = g.grain_key
WHERE p.target = d.feature_id || '|' || d.customer_id || '|' || d.reason || '|' || d.feature_tag
GROUP BY p.item_key, d.usage_date
UNION ALL
SELECT DISTINCT p.item_key, CAST(l.usage_date AS VARCHAR), CAST(1 AS DECIMAL(38,12))
FROM allocation.month_part_item AS p
JOIN allocation.pool_item AS i ON i.item_key = p.pool_item_key
JOIN run.rule AS r ON r.rule_no = i.rule_no
JOIN allocation.pool_line AS l ON l.rule_no = i.rule_no AND l.billing_month = i.billing_month
WHERE p.target IS NULL OR p.target = r.idle_feature || '|(idle)||'
