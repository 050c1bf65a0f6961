-- The one rule of each cost line: the first in file order that matches. A register entry is matched by its name, its provider or its kind of service.
WITH entry_met AS (
  SELECT DISTINCT l.line_key, c.owner_key, c.condition_no, c.condition_count
  FROM allocation.cost_line AS l
  JOIN run.condition AS c ON c.owner_kind = 'rule'
    AND CASE c.field WHEN 'entry' THEN l.entry_id WHEN 'provider' THEN l.provider WHEN 'service' THEN l.service
                     WHEN 'sku' THEN l.sku WHEN 'category' THEN l.category END LIKE c.pattern ESCAPE '\'
  WHERE l.kind <> 'charge'
), matched AS (
  SELECT line_key, CAST(owner_key AS INTEGER) AS rule_no FROM entry_met GROUP BY line_key, owner_key, condition_count HAVING count(*) = condition_count
  UNION ALL
  SELECT line_key, CAST(owner_key AS INTEGER) FROM allocation.charge_match WHERE owner_kind = 'rule'
  UNION ALL
  SELECT l.line_key, r.rule_no FROM allocation.cost_line AS l CROSS JOIN run.rule AS r
  LEFT JOIN run.condition AS c ON c.owner_kind = 'rule' AND c.owner_key = CAST(r.rule_no AS VARCHAR)
  WHERE c.owner_key IS NULL
)
SELECT l.line_key, min(m.rule_no) AS rule_no
FROM allocation.cost_line AS l
LEFT JOIN matched AS m ON m.line_key = l.line_key
GROUP BY l.line_key
