-- Usage with its money: what it costs, what it weighs as a driver, and what a cache hit avoided. Both the stated and the computed figure stay.
WITH meter AS (
  SELECT usage_no, meter, quantity, price_no, unit_price, currency, computed_amount, price_currency, price_amount, exchange_rate, is_counter FROM rating.priced_meter
  UNION ALL
  SELECT usage_no, meter, CAST(0 AS DECIMAL(18,6)), NULL, NULL, NULL, NULL, NULL, NULL, NULL, false FROM rating.stated_part WHERE meter = '(stated)'
), joined AS (
  SELECT u.usage_no, u.usage_date, u.source_id, u.provider, u.account_id, u.model, u.sku, u.charged_by, u.service_tier, u.region, u.cache_hit,
         u.sample_rate, u.feature_id, u.customer_id, u.attribution, u.feature_tag, u.stated, u.events,
         m.meter, m.quantity, m.price_no, m.unit_price, CASE WHEN u.stated THEN p.currency ELSE coalesce(m.currency, p.currency) END AS currency, m.computed_amount,
         m.price_currency, m.price_amount, m.exchange_rate, m.is_counter, p.currency AS reporting_currency,
         CASE WHEN u.stated THEN coalesce(s.stated_amount, CAST(0 AS DECIMAL(38,12))) END AS stated_amount
  FROM meter AS m
  JOIN rating.usage_day AS u ON u.usage_no = m.usage_no
  CROSS JOIN run.period AS p
  LEFT JOIN rating.stated_part AS s ON s.usage_no = m.usage_no AND s.meter = m.meter
)
SELECT usage_no, usage_date, source_id, provider, account_id, model, sku, charged_by, service_tier, region, cache_hit, sample_rate,
       feature_id, customer_id, attribution, feature_tag, events, meter, quantity, price_no, unit_price, currency, computed_amount, stated_amount,
       CASE WHEN cache_hit OR charged_by = 'pool' OR is_counter THEN CAST(0 AS DECIMAL(38,12)) ELSE coalesce(stated_amount, computed_amount) END AS rated_amount,
       CASE WHEN cache_hit THEN CAST(0 AS DECIMAL(38,12)) ELSE coalesce(stated_amount, computed_amount, CAST(0 AS DECIMAL(38,12))) END AS weight_amount,
       CASE WHEN cache_hit THEN CAST(0 AS DECIMAL(18,6)) ELSE quantity END AS weight_quantity,
       CASE WHEN cache_hit THEN coalesce(stated_amount, computed_amount) END AS avoided_amount,
       CASE WHEN stated_amount IS NOT NULL THEN 'stated' WHEN computed_amount IS NOT NULL THEN 'priced'
            WHEN charged_by = 'pool' OR cache_hit OR is_counter THEN 'weight' ELSE 'unpriced' END AS price_state,
       CASE WHEN stated_amount IS NULL THEN coalesce(price_currency, reporting_currency) ELSE currency END AS original_currency,
       CASE WHEN cache_hit OR charged_by = 'pool' OR is_counter THEN CAST(0 AS DECIMAL(38,12)) ELSE coalesce(stated_amount, price_amount) END AS original_amount,
       CASE WHEN stated_amount IS NULL THEN exchange_rate END AS exchange_rate
FROM joined
