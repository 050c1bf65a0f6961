-- Days and meters of which a provider tells in full: those of which every endpoint that feeds the meter came and no figure was rejected. A log does not
-- say which endpoint a call went to, so that part of a meter can be held to nothing. Anthropic's report and analytics each tell all of theirs.
WITH feed AS (
  SELECT * FROM (VALUES ('openai', 'completions', 'input_tokens'), ('openai', 'moderations', 'input_tokens'), ('openai', 'completions', 'cache_read_tokens'),
    ('openai', 'completions', 'cache_write_tokens'), ('openai', 'completions', 'output_tokens'), ('openai', 'embeddings', 'embedding_tokens'),
    ('openai', 'images', 'images'), ('openai', 'web_search_calls', 'search_queries'), ('openai', 'completions', 'requests'), ('openai', 'embeddings', 'requests'),
    ('openai', 'moderations', 'requests'), ('openai', 'images', 'requests'), ('openai', 'audio_speeches', 'requests'),
    ('openai', 'audio_transcriptions', 'requests'),
    ('messages', 'messages', 'input_tokens'), ('messages', 'messages', 'cache_read_tokens'), ('messages', 'messages', 'cache_write_tokens'),
    ('messages', 'messages', 'cache_write_1h_tokens'), ('messages', 'messages', 'output_tokens'), ('messages', 'messages', 'search_queries'),
    ('analytics', 'analytics', 'input_tokens'), ('analytics', 'analytics', 'cache_read_tokens'), ('analytics', 'analytics', 'cache_write_tokens'),
    ('analytics', 'analytics', 'cache_write_1h_tokens'), ('analytics', 'analytics', 'output_tokens'), ('analytics', 'analytics', 'search_queries'),
    ('analytics', 'analytics', 'requests')) AS c(api, endpoint, meter)
), needed AS (
  SELECT api, meter, count(*) AS endpoints FROM feed GROUP BY api, meter
), unread AS (
  SELECT source_id, usage_date, meter FROM staging.billed_figure WHERE fate = 'rejected' AND meter IS NOT NULL
  UNION
  SELECT f.source_id, f.usage_date, c.meter
  FROM staging.billed_figure AS f
  JOIN feed AS c ON c.endpoint = f.endpoint
  WHERE f.fate = 'rejected' AND f.figure IS NULL
), bucket AS (
  SELECT DISTINCT source_id, provider, account_id, usage_date, endpoint FROM staging.billed_figure WHERE fate IN ('loaded', 'empty', 'part')
)
SELECT DISTINCT b.source_id, b.provider, b.account_id, b.usage_date, c.meter
FROM bucket AS b
JOIN feed AS c ON c.endpoint = b.endpoint
JOIN needed AS n ON n.api = c.api AND n.meter = c.meter
LEFT JOIN unread AS r ON r.source_id = b.source_id AND r.usage_date = b.usage_date AND r.meter = c.meter
WHERE r.source_id IS NULL
GROUP BY b.source_id, b.provider, b.account_id, b.usage_date, c.api, c.meter, n.endpoints
HAVING count(*) = n.endpoints
