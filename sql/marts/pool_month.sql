-- The books of the pools: who fed each, and what it passed on, to whom and by which method. What leaves a pool is negative, so that each nets to zero.
SELECT month_text(e.billing_month) AS billing_month, e.pool_id AS pool, e.level, e.entry, e.counterparty, coalesce(e.service, '') AS service, e.method_id, e.currency, e.amount
FROM allocation.pool_entry AS e
CROSS JOIN run.period AS p
WHERE e.billing_month >= p.first_month AND e.billing_month <= p.last_month
