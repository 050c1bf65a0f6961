-- Every cost line on its days.
SELECT item_key AS line_key, CAST(target AS DATE) AS usage_date, part AS amount
FROM apportion('allocation.spread_item', 'allocation.spread_weight')
UNION ALL
SELECT 'register|' || d.entry_id || '|' || month_text(d.usage_date), d.usage_date, money_sum(d.amount)
FROM allocation.fixed_day AS d
CROSS JOIN run.period AS p
WHERE d.usage_date >= p.start_month AND d.usage_date <= p.as_of
GROUP BY d.entry_id, d.usage_date
