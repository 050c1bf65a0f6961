-- Lines of Cost and Usage Reports with their fate, split cost allocation in place: what the parts of a resource cost leaves its own lines, those of the
-- machine first, then the dearest, to the last digit: all where parts come to as much (the first bears what they round to), else those alone that have the
-- sign of the sum, for a credit beside costs pays no part. Parts are effective costs: billed where the resource is charged as used, with no commitment.
WITH part AS (
  SELECT source_id, account_id, coalesce(sub_account_id, '') AS sub_account, billing_period_start, resource, charge_start, currency,
         money_sum_24(effective_24) AS taken, count(*) AS parts
  FROM staging.cur_cost
  WHERE is_part AND problem IS NULL
  GROUP BY source_id, account_id, coalesce(sub_account_id, ''), billing_period_start, resource, charge_start, currency
), own AS (
  SELECT c.source_id, c.file, c."row", c.kind, c.tags, c.effective_24, c.feature_tag, p.account_id, p.sub_account, p.billing_period_start, p.resource,
         p.charge_start, p.currency, p.taken, p.parts,
         row_number() OVER (PARTITION BY p.source_id, p.account_id, p.sub_account, p.billing_period_start, p.resource, p.charge_start, p.currency
           ORDER BY CASE WHEN matches(c.item, '(Box|Spot|Dedicated|Heavy|Host)Usage') THEN 0 ELSE 1 END, abs(c.effective_24) DESC, c.file, c."row") AS place,
         sum(c.effective_24) OVER (PARTITION BY p.source_id, p.account_id, p.sub_account, p.billing_period_start, p.resource, p.charge_start, p.currency) AS total
  FROM staging.cur_cost AS c
  JOIN part AS p ON p.source_id = c.source_id AND p.account_id = c.account_id AND p.sub_account = coalesce(c.sub_account_id, '')
    AND p.billing_period_start = c.billing_period_start AND p.resource = c.resource AND p.charge_start = c.charge_start AND p.currency = c.currency
  WHERE NOT c.is_part AND c.problem IS NULL AND c.category = 'Usage'
), summed AS (
  SELECT own.*, sum(CASE WHEN (effective_24 < 0) = (total < 0) THEN effective_24 END) OVER (PARTITION BY source_id, account_id, sub_account,
           billing_period_start, resource, charge_start, currency ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far
  FROM own
), given AS (
  SELECT summed.*, CASE WHEN total = 0 OR (taken < 0) <> (total < 0) THEN CASE WHEN place = 1 THEN taken ELSE CAST(0 AS DECIMAL(38,24)) END
                        WHEN abs(taken) >= abs(total) THEN CASE WHEN place = 1 THEN effective_24 + taken - total ELSE effective_24 END
                        WHEN (effective_24 < 0) <> (total < 0) OR abs(taken) <= abs(so_far - effective_24) THEN CAST(0 AS DECIMAL(38,24))
                        WHEN abs(taken) < abs(so_far) THEN taken - (so_far - effective_24) ELSE effective_24 END AS gives
  FROM summed
), parent AS (
  SELECT source_id, account_id, sub_account, billing_period_start, resource, charge_start, currency, min(CASE WHEN kind = 'Usage' THEN 1 ELSE 0 END) = 1 AS is_as_used,
         max(abs(taken)) - max(abs(total)) > CAST(CAST('0.00001' AS DECIMAL(5,5)) * CAST(max(parts) AS DECIMAL(12,0)) AS DECIMAL(38,24)) AS is_exceeded,
         min(CASE WHEN place = 1 THEN tags END) AS tags, min(CASE WHEN place = 1 THEN feature_tag END) AS feature_tag
  FROM given
  GROUP BY source_id, account_id, sub_account, billing_period_start, resource, charge_start, currency
), line AS (
  SELECT c.*, CASE WHEN NOT p.is_exceeded THEN g.gives END AS gives, p.is_as_used, p.tags AS parent_tags, p.feature_tag AS parent_feature_tag,
         CASE WHEN c.problem IS NOT NULL THEN c.problem
              WHEN c.is_part AND p.source_id IS NULL AND c.effective_24 <> 0 THEN 'split_line_item_parent_resource_id: no line of it in this hour or day'
              WHEN c.is_part AND p.is_exceeded THEN 'split cost: the parts come to more than their resource' END AS reason
  FROM staging.cur_cost AS c
  LEFT JOIN given AS g ON g.source_id = c.source_id AND g.file = c.file AND g."row" = c."row"
  LEFT JOIN parent AS p ON p.source_id = c.source_id AND p.account_id = c.account_id AND p.sub_account = coalesce(c.sub_account_id, '')
    AND p.billing_period_start = c.billing_period_start AND p.resource = c.resource AND p.charge_start = c.charge_start AND p.currency = c.currency
)
SELECT
  source_id, file, "row", CASE WHEN reason IS NULL THEN 'loaded' ELSE 'rejected' END AS fate, reason AS reject_reason,
  provider, account_id, sub_account_id, invoice_id, billing_period_start, billing_period_end, charge_start, charge_end, category, charge_class, service, item,
  CAST(NULL AS VARCHAR) AS model_hint, CAST(NULL AS VARCHAR) AS meter_hint, description, resource, commitment, commitment_status,
  'standard' AS service_tier, quantity,
  CASE WHEN reason IS NOT NULL THEN NULL
       WHEN is_part THEN CASE WHEN coalesce(is_as_used, false) THEN effective_24 ELSE CAST(0 AS DECIMAL(38,24)) END
       WHEN gives IS NOT NULL AND is_as_used THEN billed_24 - gives ELSE billed_24 END AS billed_24,
  CASE WHEN reason IS NULL THEN effective_24 - coalesce(gives, CAST(0 AS DECIMAL(38,24))) END AS effective_24,
  currency, CASE WHEN is_part THEN parent_tags ELSE tags END AS tags,
  CASE WHEN is_part THEN coalesce(feature_tag, parent_feature_tag) ELSE feature_tag END AS feature_tag,
  invoice_id IS NOT NULL AS is_final, allocated_resource, CASE WHEN is_part THEN tags END AS allocated_tags
FROM line
