-- Pairs of a source person and a contact: `{side}_pairs` and the meetings that decide them, `{side}_rows`.
-- Run once for each side: true, told, known (what would have been told had no fault destroyed a record).

CREATE TEMP TABLE {side}_infectious AS FROM within('{side}_presences', 'case_windows');
CREATE TEMP TABLE {side}_places AS SELECT DISTINCT place FROM {side}_infectious;
CREATE TEMP TABLE {side}_near AS FROM {side}_presences SEMI JOIN {side}_places USING (place);
CREATE TEMP TABLE {side}_met AS FROM meetings('{side}_infectious', '{side}_near');
CREATE TEMP TABLE {side}_judged AS FROM judged('{side}_met');
CREATE TEMP TABLE {side}_first AS FROM deciding('{side}_judged');
CREATE TEMP TABLE {side}_first_pairs AS FROM paired('{side}_first');

CREATE TEMP TABLE {side}_sources AS FROM source_windows('{side}_first_pairs', '{side}_isolated');
CREATE TEMP TABLE {side}_passing AS FROM within('{side}_presences', '{side}_sources');
CREATE TEMP TABLE {side}_further AS SELECT DISTINCT place FROM {side}_passing;
CREATE TEMP TABLE {side}_about AS FROM {side}_presences SEMI JOIN {side}_further USING (place);
CREATE TEMP TABLE {side}_met_again AS FROM meetings('{side}_passing', '{side}_about');
CREATE TEMP TABLE {side}_second AS FROM secondary('{side}_met_again', '{side}_first_pairs');

CREATE TEMP TABLE {side}_rows AS
SELECT source, contact, CASE WHEN class = class_close() THEN 1 ELSE 0 END AS degree, place, kind, since_ms, until_ms, inferred, line, rule
FROM {side}_first
UNION ALL BY NAME
SELECT source, contact, 2 AS degree, place, kind, since_ms, until_ms, inferred, line, rule FROM {side}_second;

CREATE TEMP TABLE {side}_pairs AS
SELECT source, contact, degree, rule, first_ms, last_ms, inferred, line FROM {side}_first_pairs
UNION ALL BY NAME
SELECT source, contact, 2 AS degree, any_value(rule) AS rule, min(since_ms) AS first_ms, max(until_ms) AS last_ms,
       bool_and(inferred) AS inferred, bool_and(line) AS line
FROM {side}_second GROUP BY source, contact;

DROP TABLE {side}_near; DROP TABLE {side}_about; DROP TABLE {side}_met_again; DROP TABLE {side}_passing;
