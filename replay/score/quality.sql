-- Figures: how good the feeds were, what was wrong in rows and for whom to mend, and which planted faults were shown.

-- A source was heard if a line of it came, be it refused.
CREATE TEMP TABLE refusals AS SELECT source, reason, field, count(*) AS lines FROM lake_rejects GROUP BY ALL;
CREATE TEMP TABLE heard_of AS SELECT source FROM board WHERE records + withdrawn > 0 UNION SELECT source FROM refusals;
INSERT INTO figures SELECT 'sources_heard', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (source IN (FROM heard_of)) AS n, count(*) AS d FROM board) WHERE d > 0;
INSERT INTO figures SELECT 'records_expected', source, expected, NULL, NULL FROM board WHERE expected IS NOT NULL;
INSERT INTO figures SELECT 'records_withdrawn', source, withdrawn, NULL, NULL FROM board WHERE withdrawn > 0;
INSERT INTO figures SELECT 'completeness', source, completeness, NULL, records FROM board WHERE completeness IS NOT NULL;
INSERT INTO figures SELECT 'field_told', f.source || '/' || f.field, f.told, NULL, b.records FROM board_fields f JOIN board b USING (source);
INSERT INTO figures SELECT 'feed_late_minutes', source || '/' || g, s / 60.0, NULL, timed
FROM board, LATERAL (VALUES ('p50', late_median_s), ('p95', late_p95_s)) spans(g, s) WHERE timed > 0;
INSERT INTO figures SELECT 'silent_hours', source, silent_hours, NULL, NULL FROM board WHERE silent_hours > 0;
INSERT INTO figures SELECT 'silent_missed', source, missed, NULL, NULL FROM board WHERE silent_hours > 0;
INSERT INTO figures SELECT 'refused_for', source || '/' || trim(reason || ' ' || field), lines, NULL, NULL FROM refusals;

-- A finding is one of a kind about somebody in a record, however often it came and went.
CREATE TEMP TABLE ever_wrong AS
WITH told AS (
  SELECT subject AS record, rule AS wrong, source AS code, min(at_ms) FILTER (kind = 'finding_opened') AS opened_ms,
         max(at_ms) FILTER (kind = 'finding_closed') AS closed_ms
  FROM concluded WHERE starts_with(kind, 'finding_') GROUP BY ALL
), standing AS (SELECT record, kind AS wrong, person AS code FROM lake_findings)
SELECT record, wrong, code, split_part(record, '.', 1) AS department, s.code IS NOT NULL AS stands, t.opened_ms, t.closed_ms
FROM told t FULL JOIN standing s USING (record, wrong, code);
CREATE TEMP TABLE wrong_by AS
SELECT e.*, unnest(['', 'kind/' || wrong, 'department/' || department, 'department/' || department || '/' || wrong]) AS g FROM ever_wrong e;
INSERT INTO figures SELECT 'findings', g, count(*) FILTER (stands), NULL, NULL FROM wrong_by GROUP BY g;
INSERT INTO figures SELECT 'findings', '', 0, NULL, NULL WHERE NOT EXISTS (FROM ever_wrong);
INSERT INTO figures SELECT 'findings_opened', g, count(*), NULL, NULL FROM wrong_by GROUP BY g;
INSERT INTO figures SELECT 'findings_closed', g, share(n, d), n, d FROM (
  SELECT g, count(*) FILTER (NOT stands) AS n, count(*) AS d FROM wrong_by GROUP BY g);
CREATE TEMP VIEW mended AS SELECT (closed_ms - opened_ms) / 3600000.0 AS v FROM ever_wrong WHERE NOT stands AND closed_ms >= opened_ms;
INSERT INTO figures FROM spans('finding_hours', 'mended');

-- What was planted, a row for each thing that ought to show, with whether it did. What never came shows by its absence
-- alone. `had`: what the lake has of a struck record.
CREATE TEMP TABLE planted (sign VARCHAR, kind VARCHAR, shown BOOLEAN);
CREATE TEMP TABLE blows AS SELECT DISTINCT source, record_id, kind, destroyed, what FROM faults;
CREATE TEMP TABLE had AS
SELECT source, record_id, any_value(rec) AS rec, max_by(withdrawn, version * 2 + withdrawn::INT) AS withdrawn, min(event_ms) // 3600000 * 3600000 AS hour_at_ms
FROM lake_records SEMI JOIN blows USING (source, record_id) GROUP BY source, record_id;

-- By a refused line: the record is not in the lake, and its source has rejects for a reason that is a fault's of it.
-- There are no more shown of a source than lines refused of it.
CREATE TEMP TABLE spoilt AS
SELECT b.source, b.record_id, b.kind, r.reason, CASE WHEN r.whole THEN '' ELSE b.what END AS field
FROM blows b JOIN (VALUES ('broken_lines', 'not_json', true), ('swapped_digits', 'identifier_form', false),
                          ('masked_ids', 'identifier_form', false), ('unknown_codes', 'literal_error', false)) r(kind, reason, whole) USING (kind)
ANTI JOIN (SELECT source, record_id FROM blows WHERE kind = 'lost_for_good') n USING (source, record_id);
INSERT INTO planted
WITH matched AS (
  SELECT s.source, s.record_id, bool_or(r.lines IS NOT NULL) AND bool_and(h.rec IS NULL) AS refused
  FROM spoilt s LEFT JOIN refusals r USING (source, reason, field) LEFT JOIN had h USING (source, record_id) GROUP BY ALL
), counted AS (
  SELECT m.*, row_number() OVER (PARTITION BY source ORDER BY refused DESC, record_id) AS n FROM matched m
), lines AS (SELECT source, sum(lines) AS lines FROM refusals GROUP BY source)
SELECT 'reject', s.kind, c.refused AND c.n <= coalesce(l.lines, 0)
FROM spoilt s JOIN counted c USING (source, record_id) LEFT JOIN lines l USING (source);
INSERT INTO figures SELECT 'refused_planted', '', share(n, d), n, d FROM (
  SELECT coalesce(sum(lines) FILTER ((source, reason, field) IN (SELECT (source, reason, field) FROM spoilt)), 0)::BIGINT AS n, sum(lines)::BIGINT AS d
  FROM refusals) WHERE d > 0;

-- By lateness: in the hour of its event more than twice as late as expected. By a field that is given far less often.
INSERT INTO planted
SELECT DISTINCT ON (b.source, b.record_id, b.kind) 'late', b.kind, coalesce(s.late_p95_s > 2 * e.p95_s, false)
FROM blows b JOIN had h USING (source, record_id) JOIN expected e USING (source)
LEFT JOIN board_hours s ON s.source = b.source AND s.hour_at_ms = h.hour_at_ms
WHERE b.kind IN ('late', 'lost_and_back') AND NOT h.withdrawn;
INSERT INTO planted
SELECT 'field', b.kind, f.source IS NOT NULL FROM blows b JOIN had h USING (source, record_id)
LEFT JOIN board_fields f ON f.source = b.source AND f.field = b.what AND f.told < 0.9 * f.due
WHERE b.kind = 'missing_ends' AND NOT h.withdrawn;
INSERT INTO planted SELECT 'silence', 'lost_for_good', silent FROM lost_hours;
INSERT INTO figures SELECT 'silent_planted', '', share(n, d), n, d FROM (
  SELECT (SELECT count(*) FROM lost_hours WHERE silent) AS n, sum(silent_hours)::BIGINT AS d FROM board) WHERE d > 0;

-- By the count of withdrawals; and, of a report that is withdrawn for good and opened no case, by the finding in a row
-- that names its person as the case. By the review of a phone that two people give.
INSERT INTO planted
SELECT 'withdrawn', b.kind, h.withdrawn FROM blows b JOIN had h USING (source, record_id) WHERE b.kind = 'withdrawn_positives' AND b.destroyed;
CREATE TEMP TABLE unreported AS
SELECT DISTINCT b.record_id, r.ident FROM blows b JOIN had h USING (source, record_id) JOIN lake.reports r ON r.rec = h.rec
WHERE b.kind = 'withdrawn_positives' AND h.withdrawn AND lake.pseudonym(r.ident) NOT IN (SELECT case_person FROM lake_cases);
INSERT INTO planted
SELECT 'finding', 'withdrawn_positives', bool_or(f.record IS NOT NULL)
FROM unreported u JOIN lake.orders o ON o.case_ident = u.ident JOIN (SELECT DISTINCT rec, source, record_id FROM lake_records) n ON n.rec = o.rec
LEFT JOIN lake_findings f ON f.kind = 'case_unknown' AND f.record = n.source || '/' || n.record_id
GROUP BY u.record_id;
INSERT INTO planted
SELECT 'review', b.kind, bool_or(t.person IN (FROM reviewed))
FROM blows b JOIN had h USING (source, record_id) JOIN told t USING (source, record_id)
WHERE b.kind = 'shared_phones' AND NOT b.destroyed AND NOT h.withdrawn GROUP BY b.source, b.record_id, b.kind;
INSERT INTO figures SELECT 'fault_shown', sign || '/' || kind, share(n, d), n, d FROM (
  SELECT sign, kind, count(*) FILTER (shown) AS n, count(*) AS d FROM planted GROUP BY ALL);
