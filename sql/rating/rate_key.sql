-- The bands in which no price can change: time × minute of the day × prompt length, for each provider, model, tier and region that was used.
-- Every event falls into exactly one band, so a price is chosen per band and never per event.
WITH used AS (
  SELECT DISTINCT provider, model, service_tier, region FROM staging.used_model
), usage_key AS (
  SELECT row_number() OVER (ORDER BY u.provider, u.model, u.service_tier, u.region) AS key_no,
         u.provider, u.model, u.service_tier, u.region, coalesce(n.sku, u.model) AS sku, coalesce(n.charged_by, 'usage') AS charged_by
  FROM used AS u
  LEFT JOIN rating.sku_name AS n ON n.provider = u.provider AND n.name = u.model
), candidate AS (
  SELECT k.key_no, p.valid_from, p.minute_from, p.minute_to, p.prompt_over
  FROM usage_key AS k
  JOIN run.price AS p ON p.provider = k.provider AND p.sku = k.sku AND p.service_tier = k.service_tier AND p.region IN ('', k.region)
), moment AS (
  SELECT key_no, TIMESTAMP '1970-01-01 00:00:00' AS starts FROM usage_key
  UNION
  SELECT key_no, valid_from FROM candidate
), clock AS (
  SELECT key_no, CAST(0 AS BIGINT) AS starts FROM usage_key
  UNION
  SELECT key_no, minute_from FROM candidate WHERE minute_from < 1440
  UNION
  SELECT key_no, minute_to FROM candidate WHERE minute_to < 1440
), prompt AS (
  SELECT key_no, CAST(0 AS BIGINT) AS starts FROM usage_key
  UNION
  SELECT key_no, prompt_over + 1 FROM candidate WHERE prompt_over > 0
), moment_band AS (
  SELECT key_no, starts, coalesce(lead(starts) OVER (PARTITION BY key_no ORDER BY starts), TIMESTAMP '9999-12-31 00:00:00') AS ends FROM moment
), clock_band AS (
  SELECT key_no, starts, coalesce(lead(starts) OVER (PARTITION BY key_no ORDER BY starts), CAST(1440 AS BIGINT)) AS ends FROM clock
), prompt_band AS (
  SELECT key_no, starts, coalesce(lead(starts) OVER (PARTITION BY key_no ORDER BY starts), CAST(9223372036854775807 AS BIGINT)) AS ends FROM prompt
)
SELECT row_number() OVER (ORDER BY k.key_no, m.starts, c.starts, p.starts) AS rate_key,
       k.provider, k.model, k.service_tier, k.region, k.sku, k.charged_by,
       m.starts AS valid_from, m.ends AS valid_to, c.starts AS minute_from, c.ends AS minute_to, p.starts AS prompt_from, p.ends AS prompt_to
FROM usage_key AS k
JOIN moment_band AS m ON m.key_no = k.key_no
JOIN clock_band AS c ON c.key_no = k.key_no
JOIN prompt_band AS p ON p.key_no = k.key_no
