-- 某地某时段都有谁？
-- Who was at a place in an hour? Here: the place of the most exposures, from its first one on.
-- In fact tables an end that nobody recorded is a number below zero; here such a stay counts as an hour.
WITH asked AS (
    SELECT ('0x' || substr(place, 2))::BIGINT AS place, min(since_ms) AS since_ms
    FROM exposures
    GROUP BY exposures.place
    ORDER BY count(*) DESC, exposures.place
    LIMIT 1
)
SELECT DISTINCT pseudonym(p.ident) AS seen, p.since_ms, if(p.until_ms < 0, NULL, p.until_ms) AS until_ms
FROM presences p JOIN asked a ON p.place = a.place
WHERE p.since_ms < a.since_ms + 3600000
  AND if(p.until_ms < 0, p.since_ms + 3600000, p.until_ms) > a.since_ms
ORDER BY ALL
