-- Reviews of sections 1, 2 and 4: what a human has to look at.

-- Every instant at which the set of holders of something carried may grow. Two holders need two owners.
CREATE TEMP TABLE contested_asked AS
WITH shared AS (SELECT carried FROM holdings GROUP BY carried HAVING count(DISTINCT owner) > 1)
SELECT carried AS ident, since_ms AS t FROM holdings SEMI JOIN shared USING (carried)
UNION
SELECT h.carried, p.since_ms
FROM (FROM holdings SEMI JOIN shared USING (carried)) h JOIN holdings p ON p.carried = h.owner;

CREATE TEMP VIEW view_reviews AS
SELECT 'identity_contested' AS kind, ident AS subject, t AS at_ms, list(person ORDER BY person) AS people
FROM holders('contested_asked') GROUP BY ident, t HAVING count(*) > 1
UNION ALL
SELECT 'case_without_dates', person, event_ms, [person] FROM cases WHERE anchor_ms IS NULL
UNION ALL
SELECT 'tube_conflict', t.tube, t.first_ms, list(DISTINCT s.person ORDER BY s.person)
FROM tubes t JOIN samples s ON s.tube = t.tube
WHERE t.declared_single AND t.members > 1
GROUP BY t.tube, t.first_ms
UNION ALL
SELECT 'version_conflict', rec, event_ms, []::BIGINT[] FROM version_conflicts;
