-- Which amounts of a line of a Cost and Usage Report count, as text: what AWS asks for it, and what it bears of a commitment or of a resource
-- that is split. Where a payer has net costs, they count; a discount that is a line of its own stands in them already.
WITH payer AS (
  SELECT source_id, bill_payer_account_id AS payer, bill_billing_period_start_date AS period,
         max(CASE WHEN money_value(line_item_net_unblended_cost) <> 0 THEN 1 ELSE 0 END) = 1 AS has_net
  FROM raw.cur_line
  GROUP BY source_id, bill_payer_account_id, bill_billing_period_start_date
), line AS (
  SELECT l.*, s.provider, s.account, s.feature_tag AS tag_key, s.basis = 'effective' AS is_spread, l.line_item_line_item_type AS kind,
    l.split_line_item_parent_resource_id IS NOT NULL AS is_part,
    coalesce(l.line_item_usage_start_date, text_part(l.identity_time_interval, '/', 1)) AS starts,
    coalesce(l.line_item_usage_end_date, text_part(l.identity_time_interval, '/', 2)) AS ends,
    CASE WHEN p.has_net THEN coalesce(l.line_item_net_unblended_cost, CASE WHEN l.line_item_line_item_type LIKE '%Discount' THEN '0' END) END AS net_cost,
    CASE WHEN p.has_net THEN l.reservation_net_effective_cost END AS net_reserved,
    CASE WHEN p.has_net THEN l.reservation_net_unused_amortized_upfront_fee_for_billing_period END AS net_unused_upfront,
    CASE WHEN p.has_net THEN l.reservation_net_unused_recurring_fee END AS net_unused_recurring,
    CASE WHEN p.has_net THEN l.savings_plan_net_savings_plan_effective_cost END AS net_planned,
    CASE WHEN p.has_net THEN l.split_line_item_net_split_cost END AS net_split,
    CASE WHEN p.has_net THEN l.split_line_item_net_unused_cost END AS net_split_unused
  FROM raw.cur_line AS l
  JOIN run.source AS s ON s.source_id = l.source_id
  JOIN payer AS p ON p.source_id = l.source_id AND p.payer IS NOT DISTINCT FROM l.bill_payer_account_id
    AND p.period IS NOT DISTINCT FROM l.bill_billing_period_start_date
), amount AS (
  SELECT line.*, coalesce(net_cost, line_item_unblended_cost) AS cost,
    is_part OR kind IN ('DiscountedUsage', 'SavingsPlanCoveredUsage', 'RIFee', 'SavingsPlanRecurringFee') AS needs_spread,
    CASE WHEN is_part THEN coalesce(net_split, split_line_item_split_cost)
         WHEN kind = 'DiscountedUsage' THEN coalesce(net_reserved, reservation_effective_cost)
         WHEN kind = 'SavingsPlanCoveredUsage' THEN coalesce(net_planned, savings_plan_savings_plan_effective_cost)
         WHEN kind = 'RIFee' THEN coalesce(net_unused_upfront, reservation_unused_amortized_upfront_fee_for_billing_period)
         WHEN kind = 'SavingsPlanRecurringFee' THEN savings_plan_total_commitment_to_date END AS spread,
    CASE WHEN is_part THEN coalesce(net_split_unused, split_line_item_unused_cost, '0')
         WHEN kind = 'RIFee' THEN coalesce(net_unused_recurring, reservation_unused_recurring_fee)
         WHEN kind = 'SavingsPlanRecurringFee' THEN savings_plan_used_commitment ELSE '0' END AS more,
    CASE WHEN kind IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') THEN 'Usage'
         WHEN kind IN ('Fee', 'RIFee', 'SavingsPlanRecurringFee', 'SavingsPlanUpfrontFee') THEN 'Purchase'
         WHEN kind = 'Tax' THEN 'Tax' WHEN kind = 'Credit' OR kind LIKE '%Discount' THEN 'Credit'
         WHEN kind IN ('Refund', 'SavingsPlanNegation') THEN 'Adjustment' END AS category
  FROM line
)
SELECT
  source_id, file, "row", reject, provider, account, tag_key, is_spread, kind, category, is_part, needs_spread, starts, ends, cost, spread, more,
  bill_bill_type, bill_billing_period_start_date, bill_billing_period_end_date, bill_invoice_id, bill_payer_account_id, line_item_usage_account_id,
  line_item_product_code, line_item_usage_type, line_item_resource_id, split_line_item_parent_resource_id, line_item_line_item_description,
  line_item_usage_amount, line_item_currency_code, line_item_iam_principal, pricing_unit, reservation_reservation_a_r_n,
  savings_plan_savings_plan_a_r_n, tags
FROM amount
