-- Σ billed of Cost and Usage Reports as typed equals Σ of what stands in the files: unblended costs, net ones where the payer has any, without
-- the lines of split cost allocation, which tell of costs that stand there already. Taking a machine apart moves no cost: Σ effective stays too.
WITH payer AS (
  SELECT source_id, bill_payer_account_id AS payer, bill_billing_period_start_date AS period,
         bool_or(coalesce(money_value(line_item_net_unblended_cost), CAST(0 AS DECIMAL(38,24))) <> 0) AS has_net
  FROM raw.cur_line
  GROUP BY source_id, bill_payer_account_id, bill_billing_period_start_date
), stated AS (
  SELECT l.source_id, month_start(utc_timestamp(l.bill_billing_period_start_date)) AS billing_month, upper(l.line_item_currency_code) AS currency,
         CASE WHEN NOT p.has_net THEN money_value(l.line_item_unblended_cost)
              WHEN l.line_item_net_unblended_cost IS NOT NULL THEN money_value(l.line_item_net_unblended_cost)
              WHEN l.line_item_line_item_type LIKE '%Discount' THEN CAST(0 AS DECIMAL(38,24))
              ELSE money_value(l.line_item_unblended_cost) END AS cost
  FROM raw.cur_line AS l
  JOIN payer AS p ON p.source_id = l.source_id AND p.payer IS NOT DISTINCT FROM l.bill_payer_account_id
    AND p.period IS NOT DISTINCT FROM l.bill_billing_period_start_date
  WHERE l.split_line_item_parent_resource_id IS NULL AND l.line_item_unblended_cost IS NOT NULL
), raw_total AS (
  SELECT source_id, billing_month, currency, half_even_12(money_sum_24(cost)) AS amount FROM stated GROUP BY source_id, billing_month, currency
), typed AS (
  SELECT source_id, month_start(billing_period_start) AS billing_month, currency, half_even_12(money_sum_24(billed_24)) AS billed,
         half_even_12(money_sum_24(effective_24)) AS effective
  FROM staging.cur_line
  WHERE fate = 'loaded'
  GROUP BY source_id, month_start(billing_period_start), currency
), whole AS (
  SELECT source_id, month_start(billing_period_start) AS billing_month, currency, half_even_12(money_sum_24(effective_24)) AS effective
  FROM staging.cur_cost
  WHERE NOT is_part AND problem IS NULL
  GROUP BY source_id, month_start(billing_period_start), currency
)
SELECT 'unblended_total' AS control, r.source_id AS scope, r.billing_month, r.currency, r.amount AS expected,
       coalesce(t.billed, CAST(0 AS DECIMAL(38,12))) AS actual, CAST(0 AS DECIMAL(38,12)) AS tolerance
FROM raw_total AS r
LEFT JOIN typed AS t ON t.source_id = r.source_id AND t.billing_month = r.billing_month AND t.currency = r.currency
WHERE r.billing_month IS NOT NULL AND r.currency IS NOT NULL
UNION ALL
SELECT 'split_total', w.source_id, w.billing_month, w.currency, w.effective, coalesce(t.effective, CAST(0 AS DECIMAL(38,12))), CAST(0 AS DECIMAL(38,12))
FROM whole AS w
LEFT JOIN typed AS t ON t.source_id = w.source_id AND t.billing_month = w.billing_month AND t.currency = w.currency
