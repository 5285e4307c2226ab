-- Contacts of contacts (docs/rules.md, section 7).

-- as in the oracle: roots, source_windows

CREATE OR REPLACE TEMP TABLE hot AS FROM presences_of('source_windows');
CREATE OR REPLACE TEMP TABLE hot_asked AS SELECT DISTINCT ident, since_ms AS t FROM hot;
CREATE OR REPLACE TEMP TABLE hot_persons AS FROM resolved('hot_asked');
CREATE OR REPLACE TEMP TABLE source_presences AS FROM presences_in('source_windows', 'hot', 'hot_persons');
CREATE OR REPLACE TEMP TABLE source_overlaps AS FROM together('source_presences');
CREATE OR REPLACE TEMP TABLE met_persons AS FROM resolved('source_overlaps');
CREATE OR REPLACE TEMP TABLE source_meetings AS
SELECT m.source, r.person AS contact, m.place, m.kind, m.since_ms, m.until_ms, m.x_rec, m.y_rec, m.certainty, m.pack
FROM source_overlaps m JOIN met_persons r ON r.ident = m.ident AND r.t = m.t
WHERE r.person <> m.source
  AND r.person NOT IN (SELECT person FROM cases) AND r.person NOT IN (SELECT contact FROM contacts WHERE degree = 1);

-- as in the oracle: secondary_contacts, all_contacts, view_contact_evidence
