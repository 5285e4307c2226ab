-- Contacts of contacts (docs/rules.md, section 7).

-- as in the oracle: roots, source_windows

CREATE OR REPLACE TEMP TABLE source_presences AS FROM presences_within('source_windows');
CREATE OR REPLACE TEMP TABLE source_overlaps AS FROM together('source_presences');
CREATE OR REPLACE TEMP TABLE met_persons AS FROM resolved('source_overlaps');
CREATE OR REPLACE TEMP TABLE source_meetings AS
SELECT m.source, r.person AS contact, m.place, m.kind, m.since_ms, m.until_ms, m.x_rec, m.x_told_ms,
       m.y_rec, m.y_told_ms, m.certainty, m.pack
FROM source_overlaps m JOIN met_persons r ON r.ident = m.ident AND r.t = m.t
WHERE r.person <> m.source
  AND r.person NOT IN (SELECT person FROM cases) AND r.person NOT IN (SELECT contact FROM contacts WHERE degree = 1);

CREATE OR REPLACE TEMP TABLE secondary_contacts AS
WITH pairs AS (FROM sums('source_meetings'))
SELECT p.source, p.contact, 2::BIGINT AS degree, w.root, class_secondary() AS class, w.pack
FROM pairs p JOIN source_windows w ON w.source = p.source JOIN packs k ON k.pack = w.pack
WHERE p.overlap_ms >= k.secondary_overlap_min_ms;

CREATE OR REPLACE TEMP TABLE all_contacts AS
SELECT source, contact, degree, root, class, pack FROM contacts
UNION ALL
SELECT source, contact, degree, root, class, pack FROM secondary_contacts;
