-- 哪些场所暴露的人最多？
-- At which places were most people exposed, and how long?
SELECT place_kind, place_label, place, count(DISTINCT contact_person) AS people, count(DISTINCT case_person) AS cases,
       round(sum(until_ms - since_ms) / 3600000.0, 1) AS hours
FROM exposures
GROUP BY ALL
ORDER BY people DESC, place
LIMIT 20
