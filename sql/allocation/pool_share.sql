-- The parts of each item.
SELECT item_key, target, part AS amount
FROM apportion('allocation.pool_item', 'allocation.pool_weight')
