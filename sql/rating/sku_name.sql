-- What each logged or billed model name means: the exact sku, else an alias, else a documented pattern, else itself.
WITH name AS (
  SELECT DISTINCT provider, model AS name FROM staging.used_model WHERE model <> ''
  UNION
  SELECT DISTINCT provider, model_hint FROM staging.charge WHERE model_hint IS NOT NULL
  UNION
  SELECT DISTINCT provider, model FROM staging.billed_usage WHERE model <> ''
), known AS (
  SELECT provider, sku FROM run.price
  UNION
  SELECT provider, sku FROM run.sku
), met AS (
  SELECT n.provider, n.name, a.sku, a.alternative, a.rank, a.condition_count, a.kind
  FROM name AS n
  JOIN run.alias AS a ON a.provider = n.provider
  WHERE CASE a.kind WHEN 'equals' THEN lower(n.name) = lower(a.pattern)
                    WHEN 'starts_with' THEN starts_with(lower(n.name), lower(a.pattern))
                    WHEN 'ends_with' THEN starts_with(reverse(lower(n.name)), reverse(lower(a.pattern)))
                    WHEN 'contains' THEN strpos(lower(n.name), lower(a.pattern)) > 0
                    ELSE matches(lower(n.name), a.pattern) END
), alternative AS (
  SELECT provider, name, sku, alternative, min(rank) AS rank, max(CASE WHEN kind = 'equals' THEN 0 ELSE 1 END) AS by_pattern
  FROM met
  GROUP BY provider, name, sku, alternative, condition_count
  HAVING count(*) = condition_count
), ranked AS (
  SELECT provider, name, sku, by_pattern,
         row_number() OVER (PARTITION BY provider, name ORDER BY by_pattern, rank, sku, alternative) AS place
  FROM alternative
)
SELECT n.provider, n.name, coalesce(k.sku, r.sku, n.name) AS sku,
       CASE WHEN k.sku IS NOT NULL THEN 'exact' WHEN r.by_pattern = 0 THEN 'alias' WHEN r.by_pattern = 1 THEN 'pattern' ELSE 'none' END AS matched_by,
       coalesce(c.charged_by, 'usage') AS charged_by
FROM name AS n
LEFT JOIN known AS k ON k.provider = n.provider AND k.sku = n.name
LEFT JOIN ranked AS r ON r.provider = n.provider AND r.name = n.name AND r.place = 1
LEFT JOIN run.sku AS c ON c.provider = n.provider AND c.sku = coalesce(k.sku, r.sku, n.name)
