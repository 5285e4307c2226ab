-- Section 8: persons. Everybody has the greatest class that the contact rows support; a case is a case.

CREATE TEMP TABLE deciding_contacts AS
SELECT c.* FROM all_contacts c
WHERE c.contact NOT IN (SELECT person FROM cases)
QUALIFY c.class = max(c.class) OVER (PARTITION BY c.contact);

CREATE TEMP TABLE traced AS
SELECT contact AS person, any_value(class) AS class, count(DISTINCT source) AS sources, min(first_ms) AS after_ms,
       max(last_ms) AS last_ms
FROM deciding_contacts GROUP BY contact;

-- The row that says what is to be done.
CREATE TEMP TABLE orders AS
SELECT DISTINCT ON (contact) contact AS person, isolate_until_ms, monitor_until_ms, test_days, pack_name
FROM deciding_contacts
ORDER BY contact, last_ms DESC, source;

CREATE TEMP VIEW view_persons AS
SELECT t.person, t.class, t.sources, t.after_ms AS first_exposure_at_ms, t.last_ms AS last_exposure_at_ms,
       coalesce(i.isolated_at_ms, unknown_ms()) AS isolated_at_ms, o.isolate_until_ms, o.monitor_until_ms, o.test_days,
       o.pack_name AS pack
FROM traced t JOIN orders o ON o.person = t.person JOIN isolations('traced') i ON i.person = t.person
UNION ALL
SELECT c.person, class_case(), 0, unknown_ms(), unknown_ms(), coalesce(c.isolated_at_ms, unknown_ms()), unknown_ms(),
       unknown_ms(), []::BIGINT[], k.name
FROM cases c JOIN packs k ON k.pack = c.pack;
