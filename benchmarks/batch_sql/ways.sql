-- The ways of all who must be taken somewhere (docs/transfers.md): a way that nothing but calls was told of is needed,
-- the others are folded.

CREATE OR REPLACE TEMP TABLE standing AS
WITH named AS (SELECT source_record AS rec FROM view_contact_evidence UNION SELECT contact_record FROM view_contact_evidence)
SELECT r.rec, r.event_ms FROM records r SEMI JOIN named USING (rec)
UNION SELECT rec, event_ms FROM results;

-- as in the oracle: case_proofs, known_cases, known_contacts, calls

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
