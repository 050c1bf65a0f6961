-- Stated costs by meter; where no meter has a price the whole stays on the meter (stated).
SELECT CAST(item_key AS BIGINT) AS usage_no, coalesce(target, '(stated)') AS meter, part AS stated_amount
FROM apportion('rating.stated_item', 'rating.stated_weight')
