-- 某人的传播链：经谁、何时，追到源头？
-- The chain of a person: through whom and when, up to where it began? Here: of the case with the longest way up.
WITH RECURSIVE met AS (
    SELECT c.source_person AS source, c.contact_person AS person, min(c.first_exposure_at_ms) AS met_at_ms
    FROM contacts c JOIN cases k ON k.case_person = c.contact_person
    WHERE c.degree = 1
    GROUP BY ALL
),
chain AS (
    SELECT person AS asked, source, person, met_at_ms, 1 AS steps FROM met
    UNION ALL
    SELECT c.asked, m.source, m.person, m.met_at_ms, c.steps + 1
    FROM chain c JOIN met m ON m.person = c.source AND m.met_at_ms < c.met_at_ms
    WHERE c.steps < 12
)
SELECT asked, steps, source, person, met_at_ms
FROM chain
WHERE asked = (SELECT asked FROM chain ORDER BY steps DESC, asked LIMIT 1)
ORDER BY steps, source, person
