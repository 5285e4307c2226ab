-- Transfers, section 1: calls. Who must be taken where, since when and by when.

-- What proves that somebody is a case, and when that was told.
CREATE TEMP TABLE case_proofs AS
SELECT person, rec, event_ms FROM counted_reports
UNION
SELECT p.person, r.rec, s.event_ms
FROM positive_singles p
JOIN results r ON r.tube = p.tube AND r.result = result_positive()
JOIN standing s ON s.rec = r.rec;

CREATE TEMP TABLE known_cases AS
SELECT person, event_ms AS known_ms, list(rec ORDER BY rec) AS records
FROM (FROM case_proofs QUALIFY event_ms = min(event_ms) OVER (PARTITION BY person))
GROUP BY person, event_ms;

-- Of the evidence of each contact row, what was told first: both of its records must be there.
CREATE TEMP TABLE known_contacts AS
SELECT DISTINCT ON (e.source_person, e.contact_person) e.source_person AS source, e.contact_person AS contact,
       greatest(x.event_ms, y.event_ms) AS told_ms,
       list_sort(list_distinct([e.source_record, e.contact_record])) AS records
FROM view_contact_evidence e
JOIN standing x ON x.rec = e.source_record
JOIN standing y ON y.rec = e.contact_record
ORDER BY e.source_person, e.contact_person, told_ms, e.source_record, e.contact_record;

CREATE TEMP TABLE calls AS
SELECT c.person, purpose_hospital() AS purpose, 0::BIGINT AS source, class_case() AS class, c.pack,
       d.known_ms AS needed_ms, d.known_ms + k.case_limit_ms AS due_ms, open_ms() AS until_ms, d.records
FROM cases c JOIN known_cases d ON d.person = c.person JOIN packs k ON k.pack = c.pack
UNION ALL
SELECT a.contact, purpose_isolate(), a.source, a.class, a.pack, greatest(d.known_ms, e.told_ms),
       greatest(d.known_ms, e.told_ms)
         + CASE WHEN a.class = class_close() THEN k.close_limit_ms ELSE k.secondary_limit_ms END,
       CASE WHEN a.isolate_until_ms = unknown_ms() THEN open_ms() ELSE a.isolate_until_ms END, e.records
FROM all_contacts a
JOIN known_cases d ON d.person = a.root
JOIN known_contacts e ON e.source = a.source AND e.contact = a.contact
JOIN management m ON m.pack = a.pack AND m.class = a.class AND m.isolation_mode = 'central' AND m.isolation_days > 0
JOIN packs k ON k.pack = a.pack
WHERE a.class IN (class_close(), class_secondary()) AND a.contact NOT IN (SELECT person FROM cases);
