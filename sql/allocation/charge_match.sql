-- Which rule or register entry each charge satisfies: all conditions of the owner, each by any of its patterns.
-- Of a charge that its provider allocates, what it is allocated to is asked before what it was billed for.
WITH met AS (
  SELECT DISTINCT l.line_key, c.owner_kind, c.owner_key, c.condition_no, c.condition_count
  FROM allocation.charge_line AS l
  JOIN run.condition AS c ON
    CASE c.field WHEN 'source' THEN l.source_id WHEN 'provider' THEN l.provider WHEN 'account' THEN l.account_id
                 WHEN 'sub_account' THEN l.sub_account_id WHEN 'service' THEN l.service WHEN 'item' THEN l.item WHEN 'sku' THEN l.sku
                 WHEN 'meter' THEN l.meter WHEN 'category' THEN l.category WHEN 'charge_class' THEN l.charge_class
                 WHEN 'cause' THEN coalesce(l.declared_cause, CASE l.category WHEN 'Tax' THEN 'tax' WHEN 'Credit' THEN 'credit' WHEN 'Adjustment' THEN 'correction' END)
                 WHEN 'description' THEN l.description WHEN 'resource' THEN l.resource WHEN 'commitment' THEN l.commitment
                 WHEN 'commitment_status' THEN l.commitment_status WHEN 'invoice' THEN l.invoice_id
                 WHEN 'tag' THEN coalesce(nullif(json_text(l.allocated_tags, c.tag_key), ''), json_text(l.tags, c.tag_key)) END LIKE c.pattern ESCAPE '\'
    OR c.field = 'resource' AND l.allocated_resource LIKE c.pattern ESCAPE '\'
)
SELECT line_key, owner_kind, owner_key
FROM met
GROUP BY line_key, owner_kind, owner_key, condition_count
HAVING count(*) = condition_count
