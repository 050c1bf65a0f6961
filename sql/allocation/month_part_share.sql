-- The days of those parts.
SELECT item_key, CAST(target AS DATE) AS usage_date, part AS amount
FROM apportion('allocation.month_part_item', 'allocation.month_part_weight')
