-- 各类记录晚到多久？
-- How late do records come, from what happened to when the department's own system took it in?
SELECT source, count(*) AS records, quantile_disc((ingest_ms - event_ms) / 1000, 0.5) AS p50_s,
       quantile_disc((ingest_ms - event_ms) / 1000, 0.95) AS p95_s
FROM records
WHERE ingest_ms > event_ms - 86400000000
GROUP BY source
ORDER BY p95_s DESC, source
