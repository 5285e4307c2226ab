-- 某条公交线上有哪些密接？
-- Who was exposed aboard buses, by line or vehicle? Here: of the one with the most people.
WITH riders AS (
    SELECT place, any_value(place_label) AS told, contact_person, min(since_ms) AS since_ms, max(until_ms) AS until_ms,
           count(DISTINCT case_person) AS cases
    FROM exposures
    WHERE place_kind IN ('bus', 'metro', 'coach', 'train')
    GROUP BY place, contact_person
)
SELECT told, contact_person, since_ms, until_ms, cases
FROM riders
WHERE place = (SELECT place FROM riders GROUP BY place ORDER BY count(*) DESC, place LIMIT 1)
ORDER BY since_ms, contact_person
