-- 转运走到哪一步、多少已超期、等了多久？
-- How far have transfers come, how many are overdue, and how long did people wait?
-- A deadline has passed when a tick or the admission says so. Hours are counted from the need to the admission.
SELECT purpose, state, class, count(*) AS ways, count(*) FILTER (breached) AS overdue,
       round(median(ended_at_ms - needed_at_ms) / 3600000, 1) AS hours_p50,
       round(quantile_cont(ended_at_ms - needed_at_ms, 0.95) / 3600000, 1) AS hours_p95,
       count(*) FILTER (len(flags) > 0) AS odd
FROM transfers
GROUP BY ALL
ORDER BY ALL
