-- 各街道每日发病曲线？
-- How many cases began on which day, by street of their home?
-- The day is that of the earlier of onset and first positive sampling, the home the one registered on that day. A code
-- is a number in hexadecimal: fact tables hold the number itself. Where people lived is found first: left to itself,
-- DuckDB would begin with all homes and their streets.
WITH began AS (
    SELECT case_person, ('0x' || substr(case_person, 2))::BIGINT AS ident, anchor_at_ms,
           (anchor_at_ms + 28800000) // 86400000 AS day
    FROM cases
    WHERE anchor_at_ms IS NOT NULL
),
housed AS MATERIALIZED (
    SELECT case_person, anchor_at_ms, h.place, h.since_ms
    FROM began b JOIN homes h ON h.ident = b.ident AND h.since_ms <= b.anchor_at_ms AND b.anchor_at_ms < h.until_ms
),
lived AS (
    SELECT case_person, arg_max(s.street, h.since_ms) AS street
    FROM housed h
    JOIN streets s ON s.place = h.place AND s.since_ms <= h.anchor_at_ms AND h.anchor_at_ms < s.until_ms
    GROUP BY case_person
)
SELECT DATE '1970-01-01' + day::INTEGER AS day, coalesce(place_code(street), 'not registered') AS street, count(*) AS cases
FROM began LEFT JOIN lived USING (case_person)
GROUP BY ALL
ORDER BY ALL
