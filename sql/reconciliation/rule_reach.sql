-- What each rule takes since the books begin: whether any line is its own, and where its match has lines that earlier rules take, how many and who takes the first.
WITH taken AS (
  SELECT rule_no FROM allocation.line_rule WHERE rule_no IS NOT NULL
  UNION
  SELECT p.rule_no FROM allocation.allocated_cost AS a JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id
  UNION
  SELECT p.rule_no FROM run.unchanged_service AS u JOIN allocation.pool_rule AS p ON p.feature_id = u.feature_id
), matched AS (
  SELECT CAST(c.owner_key AS INTEGER) AS rule_no, count(*) AS matched_lines, min(l.rule_no) AS first_rule
  FROM allocation.charge_match AS c
  JOIN allocation.line_rule AS l ON l.line_key = c.line_key
  WHERE c.owner_kind = 'rule'
  GROUP BY CAST(c.owner_key AS INTEGER)
), emptied AS (
  SELECT rule_no, min(feature_id) AS service FROM allocation.pool_rule GROUP BY rule_no
)
SELECT r.rule_no, r.pool_id, r.place, r.on_no_match, e.service, t.rule_no IS NOT NULL AS takes, coalesce(m.matched_lines, 0) AS matched_lines, f.pool_id AS taken_by
FROM run.rule AS r
LEFT JOIN taken AS t ON t.rule_no = r.rule_no
LEFT JOIN matched AS m ON m.rule_no = r.rule_no
LEFT JOIN emptied AS e ON e.rule_no = r.rule_no
LEFT JOIN run.rule AS f ON f.rule_no = m.first_rule AND t.rule_no IS NULL
