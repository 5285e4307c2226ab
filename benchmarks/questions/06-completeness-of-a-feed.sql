-- 各部门各类记录的字段填写数（按小时）？
-- How many optional fields does each feed fill, by local hour? A sudden fall is a form that changed.
SELECT source, (event_ms + 28800000) // 3600000 AS hour, count(*) AS records, round(avg(bit_count(given)), 2) AS fields_given
FROM records
GROUP BY ALL
ORDER BY ALL
