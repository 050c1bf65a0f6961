-- Every rate that a month needs, whether the book of rates has it, and the first place that needs it. Amounts of zero need theirs too.
WITH need AS (
  SELECT billing_month, billing_month AS rate_month, original_currency AS from_currency, exchange_rate AS rate, 'charge' AS needed_by,
         file || ' row ' || CAST("row" AS VARCHAR) AS place, file AS place_file, "row" AS place_row
  FROM allocation.charge_line
  UNION ALL
  SELECT month_start(m.usage_date), month_start(m.usage_date), m.price_currency, m.exchange_rate, 'price', p.place, p.place, CAST(p.price_no AS BIGINT)
  FROM rating.priced_meter AS m
  CROSS JOIN run.period AS b
  JOIN run.price AS p ON p.price_no = m.price_no
  WHERE m.usage_date >= b.start_month AND m.price_currency <> b.currency
  UNION ALL
  SELECT k.billing_month, k.billing_month, k.price_currency, k.exchange_rate, 'price', p.place, p.place, CAST(p.price_no AS BIGINT)
  FROM reconciliation.bridge_price AS k
  CROSS JOIN run.period AS b
  JOIN run.price AS p ON p.price_no = k.price_no
  WHERE k.currency = b.currency
  UNION ALL
  SELECT month_start(d.usage_date), d.rate_month, d.original_currency, d.exchange_rate, 'entry', 'entry ' || d.entry_id, d.entry_id, CAST(0 AS BIGINT)
  FROM allocation.fixed_day AS d
  CROSS JOIN run.period AS b
  WHERE d.usage_date >= b.start_month AND d.usage_date <= b.as_of
  UNION ALL
  SELECT month_start(d.usage_date), month_start(d.usage_date), f.currency, x.rate, 'entry', 'entry ' || d.entry_id, d.entry_id, CAST(0 AS BIGINT)
  FROM allocation.fixed_day AS d
  CROSS JOIN run.period AS b
  JOIN run.fixed_cost AS f ON f.entry_id = d.entry_id
  LEFT JOIN run.fx AS x ON x.month = month_start(d.usage_date) AND x.from_currency = f.currency AND x.to_currency = b.currency
  WHERE d.kind = 'disposal' AND d.usage_date >= b.start_month AND d.usage_date <= b.as_of
), placed AS (
  SELECT n.*, b.currency AS to_currency,
         row_number() OVER (PARTITION BY n.billing_month, n.rate_month, n.from_currency, n.needed_by ORDER BY n.place_file, n.place_row, n.place) AS place_no
  FROM need AS n
  CROSS JOIN run.period AS b
  WHERE n.from_currency <> b.currency
)
SELECT billing_month, rate_month, from_currency, to_currency, needed_by, max(CASE WHEN rate IS NULL THEN 1 ELSE 0 END) = 1 AS is_missing, count(*) AS amounts,
       max(CASE WHEN place_no = 1 THEN place END) AS first_place
FROM placed
GROUP BY billing_month, rate_month, from_currency, to_currency, needed_by
