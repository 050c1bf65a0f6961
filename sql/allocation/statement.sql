-- Statement rows with their rounded amount and their share of the month.
SELECT i.statement_key, i.row_key, i.billing_month, i.currency, i.original_month, i.entry, i.feature_id, i.category, i.basis, i.method_id, i.finality, i.amount, r.statement_amount,
       ratio(i.amount, t.amount) AS share
FROM allocation.statement_item AS i
JOIN statement_rounding('allocation.statement_item') AS r ON r.statement_key = i.statement_key AND r.row_key = i.row_key
JOIN (SELECT statement_key, money_sum(amount) AS amount FROM allocation.statement_item GROUP BY statement_key) AS t ON t.statement_key = i.statement_key
