-- Shared services (features of kind pool) and the rule that passes their cost on. One without a rule keeps its cost.
WITH ranked AS (
  SELECT f.feature_id, r.rule_no, r.level, row_number() OVER (PARTITION BY f.feature_id ORDER BY r.rule_no) AS place
  FROM run.feature AS f
  JOIN run.condition AS c ON c.owner_kind = 'rule' AND c.field = 'pool' AND f.feature_id LIKE c.pattern ESCAPE '\'
  JOIN run.rule AS r ON r.rule_no = CAST(c.owner_key AS INTEGER)
  WHERE f.kind = 'pool'
)
SELECT feature_id, rule_no, level FROM ranked WHERE place = 1
