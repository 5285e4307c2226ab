-- 有多少事项等人核实？
-- What waits for a human: holds, leads, findings, reviews?
SELECT 'hold ' || reason AS what, count(*) AS waiting FROM holds GROUP BY ALL
UNION ALL SELECT 'lead', count(*) FROM leads
UNION ALL SELECT 'finding ' || kind || ' -> ' || department, count(*) FROM findings GROUP BY ALL
UNION ALL SELECT 'review ' || kind, count(*) FROM reviews GROUP BY ALL
ORDER BY ALL
