-- The closed month as a journal: what features or teams are charged in minor units, and what clears it. Amounts are sums of the statement.
WITH charge AS (
  SELECT s.billing_month, s.original_month, s.entry, s.currency, g.pipeline, g.clearing_account, g.cost_center AS own_cost_center,
         coalesce(a.account, g.expense_account) AS account, coalesce(f.cost_center, g.cost_center) AS cost_center, coalesce(f.team, s.feature_id) AS team,
         CASE WHEN g.line_of = 'feature' THEN s.feature_id ELSE '' END AS feature_id,
         CASE WHEN g.line_of = 'feature' THEN coalesce(f.name, s.feature_id) WHEN f.team IS NULL THEN s.feature_id ELSE 'team ' || f.team END AS bearer,
         CASE WHEN g.line_of = 'feature' OR f.team IS NULL THEN replace(replace(s.feature_id, '%', '%25'), '/', '%2F')
              ELSE replace(replace(f.team, '%', '%25'), '/', '%2F') || '/' || replace(replace(f.cost_center, '%', '%25'), '/', '%2F')
                     || '/' || replace(coalesce(a.account, g.expense_account), '/', '%2F') END AS line_key,
         s.statement_amount AS amount
  FROM allocation.statement AS s
  CROSS JOIN run.period AS p
  CROSS JOIN run.chargeback AS g
  LEFT JOIN run.feature AS f ON f.feature_id = s.feature_id
  LEFT JOIN run.chargeback_account AS a ON a.category = f.category
  WHERE s.billing_month >= p.first_month AND s.billing_month <= p.last_month
), entry_line AS (
  SELECT 'expense' AS posting, billing_month, original_month, entry, currency, pipeline, account, cost_center, team, feature_id, bearer, line_key, money_sum(amount) AS amount
  FROM charge
  GROUP BY billing_month, original_month, entry, currency, pipeline, account, cost_center, team, feature_id, bearer, line_key
  UNION ALL
  SELECT 'clearing', billing_month, original_month, 'clearing', currency, pipeline, clearing_account, own_cost_center, '', '', '', '(clearing)', -money_sum(amount)
  FROM charge
  GROUP BY billing_month, original_month, currency, pipeline, clearing_account, own_cost_center
)
SELECT month_text(billing_month) AS billing_month, add_days(add_months(billing_month, 1), -1) AS journal_date, posting, account, cost_center, currency,
       CAST(CASE WHEN amount > 0 THEN amount ELSE 0 END AS DECIMAL(38,4)) AS debit, CAST(CASE WHEN amount < 0 THEN -amount ELSE 0 END AS DECIMAL(38,4)) AS credit,
       CASE WHEN posting = 'clearing' THEN 'AI cost charged back' ELSE 'AI cost of ' || bearer END
         || CASE WHEN original_month = billing_month THEN ', ' || month_text(billing_month)
                 WHEN posting = 'clearing' THEN ', ' || month_text(original_month) || ' restated'
                 ELSE ', ' || entry || ' of ' || month_text(original_month) END AS memo,
       pipeline || '/' || month_text(billing_month) || '/' || currency || '/' || line_key
         || CASE WHEN original_month = billing_month THEN '' ELSE '/' || month_text(original_month) || '/' || entry END AS reference,
       team, feature_id, month_text(original_month) AS original_month, entry
FROM entry_line
WHERE amount <> 0
