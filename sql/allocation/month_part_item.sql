-- Parts of items that were shared by the month, to be laid on days.
SELECT s.item_key || '|' || coalesce(s.target, '') AS item_key, s.item_key AS pool_item_key, s.target, s.amount
FROM allocation.pool_share AS s
JOIN allocation.pool_item AS i ON i.item_key = s.item_key
WHERE i.by_month
