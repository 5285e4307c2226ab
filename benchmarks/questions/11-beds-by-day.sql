-- 未来每天还需多少隔离床位？
-- How many are still to be isolated on each day to come, if nobody is added?
WITH days AS (
    SELECT unnest(range(
        (SELECT min(isolate_until_ms) FROM persons), (SELECT max(isolate_until_ms) FROM persons) + 1, 86400000
    )) AS at_ms
)
SELECT at_ms, count(*) AS people
FROM days JOIN persons p ON p.isolate_until_ms >= at_ms
WHERE p.class IN ('close', 'secondary')
GROUP BY at_ms
ORDER BY at_ms
