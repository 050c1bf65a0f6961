-- The amounts of this level that are shared in one piece: by day, or by month where the pool has a declared capacity.
WITH sized AS (
  SELECT l.*, c.rule_no IS NOT NULL AS by_month
  FROM allocation.pool_line AS l
  JOIN run.rule AS r ON r.rule_no = l.rule_no AND r.method <> 'direct'
  LEFT JOIN run.rule_capacity AS c ON c.rule_no = l.rule_no AND c.month = l.billing_month
), item AS (
  SELECT rule_no, billing_month, CASE WHEN by_month THEN NULL ELSE usage_date END AS usage_date, by_month, provider, account_id, invoice_id, service,
         sku, meter, category, basis, finality, currency, money_sum(amount) AS amount
  FROM sized
  GROUP BY rule_no, billing_month, CASE WHEN by_month THEN NULL ELSE usage_date END, by_month, provider, account_id, invoice_id, service,
           sku, meter, category, basis, finality, currency
)
SELECT CAST(row_number() OVER (ORDER BY rule_no, billing_month, usage_date, provider, account_id, invoice_id, service, sku, meter, category, basis,
                                        finality, currency) AS VARCHAR) AS item_key, item.*
FROM item
