-- The ways of all who must be taken somewhere (docs/transfers.md): a way that nothing but calls was told of is needed,
-- the others are folded.

CREATE OR REPLACE TEMP TABLE calls AS
WITH
  known_cases AS (
    SELECT person, min(event_ms) AS known_ms, arg_min(rec, (event_ms, rec)) AS rec
    FROM (
      SELECT person, rec, event_ms FROM counted_reports
      UNION ALL
      SELECT p.person, r.rec, r.event_ms
      FROM positive_singles p JOIN results r ON r.tube = p.tube AND r.result = result_positive()
    ) GROUP BY person
  ),
  isolated AS (
    SELECT a.source, a.contact, a.degree, a.root, a.class, a.pack
    FROM all_contacts a
    JOIN management m ON m.pack = a.pack AND m.class = a.class AND m.isolation_mode = 'central' AND m.isolation_days > 0
    WHERE a.class IN (class_close(), class_secondary()) AND a.contact NOT IN (SELECT person FROM cases)
  ),
  evidence AS (
    SELECT m.source, m.contact, m.x_rec, m.y_rec, greatest(m.x_told_ms, m.y_told_ms) AS told_ms
    FROM case_meetings m
    SEMI JOIN isolated a ON a.source = m.source AND a.contact = m.contact AND a.degree < 2
    SEMI JOIN deciding_exposures e ON e.source = m.source AND e.contact = m.contact AND e.x_rec = m.x_rec
      AND e.y_rec = m.y_rec AND e.since_ms = m.since_ms AND e.until_ms = m.until_ms
    UNION ALL
    SELECT m.source, m.contact, m.x_rec, m.y_rec, greatest(m.x_told_ms, m.y_told_ms)
    FROM source_meetings m SEMI JOIN isolated a ON a.source = m.source AND a.contact = m.contact AND a.degree = 2
  ),
  known_contacts AS (
    SELECT source, contact, min(told_ms) AS told_ms, arg_min(least(x_rec, y_rec), (told_ms, x_rec, y_rec)) AS rec
    FROM evidence GROUP BY source, contact
  )
SELECT c.person, purpose_hospital() AS purpose, 0::BIGINT AS source, d.known_ms AS needed_ms, [d.rec] AS records
FROM cases c JOIN known_cases d ON d.person = c.person
UNION ALL
SELECT a.contact, purpose_isolate(), a.source, greatest(d.known_ms, e.told_ms), [e.rec]
FROM isolated a
JOIN known_cases d ON d.person = a.root
JOIN known_contacts e ON e.source = a.source AND e.contact = a.contact;

CREATE OR REPLACE TEMP TABLE called AS SELECT DISTINCT person, purpose FROM calls;

CREATE OR REPLACE TEMP TABLE told_asked AS
SELECT ident, at_ms AS t FROM decisions_kept UNION SELECT ident, at_ms FROM receipts_kept WHERE ident <> 0;

CREATE OR REPLACE TEMP TABLE told_persons AS FROM resolved('told_asked');

CREATE OR REPLACE TEMP TABLE decisions AS
SELECT f.rec, p.person, f.purpose, f.step, f.at_ms, f.run, f.vehicle, f.site, f.room
FROM decisions_kept f JOIN told_persons p ON p.ident = f.ident AND p.t = f.at_ms;

CREATE OR REPLACE TEMP TABLE receipts AS
SELECT row_number() OVER () AS receipt, f.rec, p.person, f.step, f.at_ms, f.run, f.vehicle, f.site
FROM receipts_kept f LEFT JOIN (FROM told_persons WHERE ident <> 0) p ON p.ident = f.ident AND p.t = f.at_ms;

-- Whose ways may have come further than needed, among those who have one.
CREATE OR REPLACE TEMP TABLE stirred AS
WITH named AS (SELECT person FROM called UNION SELECT person FROM decisions)
SELECT person FROM (
  SELECT person FROM stays
  UNION SELECT h.person FROM discharges_kept f JOIN health_persons h ON h.ident = f.ident AND h.t = f.discharged_ms
  UNION SELECT person FROM decisions
  UNION SELECT person FROM receipts WHERE person IS NOT NULL
) SEMI JOIN named USING (person);
