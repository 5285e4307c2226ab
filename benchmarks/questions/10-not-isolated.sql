-- 还有哪些密接未隔离？
-- Which close contacts are not in isolation, by whole days since their last exposure, counted from the latest of all?
WITH latest AS (SELECT max(last_exposure_at_ms) AS at_ms FROM persons)
SELECT (at_ms - last_exposure_at_ms) // 86400000 AS days, count(*) AS people
FROM persons, latest
WHERE class = 'close' AND isolated_at_ms IS NULL AND last_exposure_at_ms IS NOT NULL
GROUP BY days
ORDER BY days
