-- 某类记录每天晚到多久？
-- How late do the records of a feed come, by local day? Here: results of tests.
-- From what happened to when the department's own system took it in. Without the first condition (and by source) it is
-- asked of all feeds; that sorts the lateness of every record, some seconds for 30 million.
WITH by_day AS (
    SELECT (event_ms + 28800000) // 86400000 AS day, count(*) AS records,
           quantile_disc((ingest_ms - event_ms) / 1000, [0.5, 0.95]) AS late_s
    FROM records
    WHERE source = 'health.nat_result' AND ingest_ms > event_ms - 86400000000
    GROUP BY day
)
SELECT DATE '1970-01-01' + day::INTEGER AS day, records, late_s[1] AS p50_s, late_s[2] AS p95_s
FROM by_day
ORDER BY day
