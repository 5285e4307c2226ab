-- Section 7: contacts of contacts (degree 2). Then the views of all contacts and their evidence.

-- Each source with its root: of its qualifying rows the one of least (first exposure, case).
CREATE TEMP TABLE roots AS
SELECT DISTINCT ON (c.contact) c.contact AS person, c.source AS root, c.first_ms AS after_ms, c.pack
FROM contacts c JOIN packs k ON k.pack = c.pack
WHERE c.degree = 1 AND k.secondary_enabled
  AND (len(k.secondary_categories) = 0 OR list_contains(k.secondary_categories, c.category))
  AND c.contact NOT IN (SELECT person FROM cases)
ORDER BY c.contact, c.first_ms, c.source;

CREATE TEMP TABLE source_windows AS
SELECT r.person, r.person AS source, r.root, r.pack, r.after_ms AS since_ms,
       coalesce(i.isolated_at_ms, open_ms()) AS until_ms, k.secondary_kinds AS kinds
FROM roots r JOIN isolations('roots') i ON i.person = r.person JOIN packs k ON k.pack = r.pack
WHERE r.after_ms < coalesce(i.isolated_at_ms, open_ms());

CREATE TEMP TABLE source_asked AS FROM presences_asked('source_windows');
CREATE TEMP TABLE source_presences AS FROM presences_within('source_windows', 'source_asked');
CREATE TEMP TABLE source_overlaps AS FROM together('source_presences');
CREATE TEMP TABLE source_meetings AS
SELECT source, contact, place, kind, since_ms, until_ms, x_rec, y_rec, certainty, pack
FROM meetings('source_overlaps')
WHERE contact NOT IN (SELECT person FROM cases) AND contact NOT IN (SELECT contact FROM contacts WHERE degree = 1);

CREATE TEMP TABLE secondary_contacts AS
WITH pairs AS (FROM sums('source_meetings'))
SELECT p.source, p.contact, 2::BIGINT AS degree, w.root, class_secondary() AS class, k.secondary_rule AS rule,
       k.secondary_category AS category, p.certainty, p.first_ms, p.last_ms, p.overlap_ms, p.exposures, w.pack
FROM pairs p JOIN source_windows w ON w.source = p.source JOIN packs k ON k.pack = w.pack
WHERE p.overlap_ms >= k.secondary_overlap_min_ms;

CREATE TEMP TABLE all_contacts AS
SELECT contact_id(c.degree, c.source, c.contact) AS contact_id, c.*, k.name AS pack_name,
       isolate_until(c.last_ms, m.isolation_days) AS isolate_until_ms,
       monitor_until(c.last_ms, m.isolation_days, m.monitoring_days) AS monitor_until_ms,
       tests_due(c.last_ms, m.test_days) AS test_days
FROM (FROM contacts UNION ALL BY NAME FROM secondary_contacts) c
JOIN packs k ON k.pack = c.pack
JOIN management m ON m.pack = c.pack AND m.class = c.class;

CREATE TEMP VIEW view_contacts AS
SELECT contact_id, source AS source_person, contact AS contact_person, degree, root AS case_person, class, rule,
       category, certainty, first_ms AS first_exposure_at_ms, last_ms AS last_exposure_at_ms, overlap_ms, exposures,
       isolate_until_ms, monitor_until_ms, test_days, pack_name AS pack
FROM all_contacts;

CREATE TEMP VIEW view_contact_evidence AS
SELECT c.contact_id, e.source AS source_person, e.contact AS contact_person, c.degree, e.place, e.kind AS place_kind,
       e.since_ms, e.until_ms, e.x_rec AS source_record, e.y_rec AS contact_record, e.rule, e.category, e.certainty
FROM deciding_exposures e JOIN all_contacts c ON c.source = e.source AND c.contact = e.contact AND c.degree < 2
UNION ALL
SELECT c.contact_id, e.source, e.contact, c.degree, e.place, e.kind, e.since_ms, e.until_ms, e.x_rec, e.y_rec, c.rule,
       c.category, e.certainty
FROM source_meetings e JOIN all_contacts c ON c.source = e.source AND c.contact = e.contact AND c.degree = 2;
