-- What each line of a Cost and Usage Report costs by itself, typed: billed as AWS asks, effective with commitments spread over what they cover.
WITH read_once AS (
  SELECT a.*, utc_timestamp(bill_billing_period_start_date) AS period_start, utc_timestamp(bill_billing_period_end_date) AS period_end,
    utc_timestamp(starts) AS charge_start, utc_timestamp(ends) AS ends_at, CASE WHEN NOT is_part THEN money_problem(cost, 24) END AS cost_problem,
    CASE WHEN needs_spread THEN coalesce(money_problem(spread, 24), CASE WHEN more <> '0' OR more IS NULL THEN money_problem(more, 24) END) END AS spread_problem
  FROM staging.cur_amount AS a
), checked AS (
  SELECT read_once.*, needs_spread AND spread_problem IS NULL AS has_spread,
    CASE WHEN reject IS NOT NULL THEN reject
         WHEN category IS NULL THEN 'line_item_line_item_type: ' || coalesce('unknown, ' || kind, 'missing')
         WHEN cost_problem IS NOT NULL THEN 'line_item_unblended_cost: ' || cost_problem
         WHEN spread_problem IS NOT NULL AND is_part THEN 'split cost: ' || spread_problem
         WHEN spread_problem IS NOT NULL AND is_spread THEN 'effective cost of ' || kind || ': ' || spread_problem
         WHEN period_start IS NULL OR period_end IS NULL THEN 'bill_billing_period: not a time'
         WHEN charge_start IS NULL OR ends_at IS NULL THEN 'line_item_usage_date: not a time'
         WHEN period_end <= period_start THEN 'bill_billing_period: ends before it starts'
         WHEN ends_at < charge_start THEN 'line_item_usage_date: ends before it starts'
         WHEN line_item_currency_code IS NULL THEN 'line_item_currency_code: missing' END AS problem
  FROM read_once
)
SELECT
  source_id, file, "row", problem, is_part, kind, provider, coalesce(account, bill_payer_account_id) AS account_id, line_item_usage_account_id AS sub_account_id,
  bill_invoice_id AS invoice_id, period_start AS billing_period_start, period_end AS billing_period_end, charge_start,
  CASE WHEN ends LIKE '%23:59:59%' THEN CAST(add_days(day_of(ends_at), 1) AS TIMESTAMP(6)) ELSE ends_at END AS charge_end,
  category, CASE WHEN kind = 'Refund' OR bill_bill_type = 'Refund' THEN 'Correction' END AS charge_class, line_item_product_code AS service,
  coalesce(line_item_usage_type, line_item_line_item_description, kind) AS item, line_item_line_item_description AS description,
  coalesce(split_line_item_parent_resource_id, line_item_resource_id) AS resource,
  CASE WHEN is_part THEN line_item_resource_id ELSE line_item_iam_principal END AS allocated_resource,
  coalesce(reservation_reservation_a_r_n, savings_plan_savings_plan_a_r_n) AS commitment,
  CASE WHEN kind IN ('DiscountedUsage', 'SavingsPlanCoveredUsage') THEN 'Used'
       WHEN kind IN ('RIFee', 'SavingsPlanRecurringFee') AND is_spread THEN 'Unused' END AS commitment_status,
  TRY_CAST(TRY_CAST(quantity_value(line_item_usage_amount) AS DECIMAL(18,6))
    * CASE WHEN lower(pricing_unit) LIKE '1k%token%' THEN CAST(1000 AS DECIMAL(7,0))
           WHEN lower(pricing_unit) LIKE '1m%token%' THEN CAST(1000000 AS DECIMAL(7,0)) ELSE CAST(1 AS DECIMAL(7,0)) END AS DECIMAL(26,6)) AS quantity,
  CASE WHEN problem IS NULL AND NOT is_part THEN money_value(cost) END AS billed_24,
  CASE WHEN problem IS NOT NULL THEN NULL
       WHEN has_spread THEN money_value(spread) + CASE WHEN kind = 'SavingsPlanRecurringFee' THEN -money_value(more) ELSE money_value(more) END
       WHEN kind IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') OR (kind = 'Fee' AND reservation_reservation_a_r_n IS NOT NULL) THEN CAST(0 AS DECIMAL(38,24))
       ELSE money_value(cost) END AS effective_24,
  upper(line_item_currency_code) AS currency, tags,
  coalesce(nullif(json_text(tags, tag_key), ''), CASE WHEN tags LIKE '%iamPrincipal/%' THEN nullif(json_text(tags, 'iamPrincipal/' || tag_key), '') END,
    CASE WHEN tags LIKE '%costCategory/%' THEN nullif(json_text(tags, 'costCategory/' || tag_key), '') END) AS feature_tag
FROM checked
