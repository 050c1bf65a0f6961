-- What each line of a Cost and Usage Report costs by itself, typed: billed as AWS asks, effective with commitments spread over what they cover.
WITH checked AS (
  SELECT a.*, needs_spread AND money_problem(spread, 24) IS NULL AND money_problem(more, 24) IS NULL AS has_spread,
    CASE WHEN reject IS NOT NULL THEN reject
         WHEN category IS NULL THEN 'line_item_line_item_type: ' || coalesce('unknown, ' || kind, 'missing')
         WHEN NOT is_part AND money_problem(cost, 24) IS NOT NULL THEN 'line_item_unblended_cost: ' || money_problem(cost, 24)
         WHEN needs_spread AND (is_spread OR is_part) AND coalesce(money_problem(spread, 24), money_problem(more, 24)) IS NOT NULL
         THEN CASE WHEN is_part THEN 'split cost: ' ELSE 'effective cost of ' || kind || ': ' END || coalesce(money_problem(spread, 24), money_problem(more, 24))
         WHEN utc_timestamp(bill_billing_period_start_date) IS NULL OR utc_timestamp(bill_billing_period_end_date) IS NULL THEN 'bill_billing_period: not a time'
         WHEN utc_timestamp(starts) IS NULL OR utc_timestamp(ends) IS NULL THEN 'line_item_usage_date: not a time'
         WHEN utc_timestamp(bill_billing_period_end_date) <= utc_timestamp(bill_billing_period_start_date) THEN 'bill_billing_period: ends before it starts'
         WHEN utc_timestamp(ends) < utc_timestamp(starts) THEN 'line_item_usage_date: ends before it starts'
         WHEN line_item_currency_code IS NULL THEN 'line_item_currency_code: missing' END AS problem
  FROM staging.cur_amount AS a
)
SELECT
  source_id, file, "row", problem, is_part, kind, provider, coalesce(account, bill_payer_account_id) AS account_id, line_item_usage_account_id AS sub_account_id,
  bill_invoice_id AS invoice_id, utc_timestamp(bill_billing_period_start_date) AS billing_period_start,
  utc_timestamp(bill_billing_period_end_date) AS billing_period_end, utc_timestamp(starts) AS charge_start,
  CASE WHEN matches(ends, '23:59:59') THEN CAST(add_days(day_of(utc_timestamp(ends)), 1) AS TIMESTAMP(6)) ELSE utc_timestamp(ends) END AS charge_end,
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
  coalesce(nullif(json_text(tags, tag_key), ''), nullif(json_text(tags, 'iamPrincipal/' || tag_key), ''), nullif(json_text(tags, 'costCategory/' || tag_key), '')) AS feature_tag
FROM checked
