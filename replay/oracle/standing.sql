-- Section 1: which records stand. Also the arithmetic of instants that every section uses.

-- DuckDB's // cuts towards zero; days before 1970 need the floor.
CREATE TEMP MACRO floor_div(n, d) AS (n - ((n % d) + d) % d) // d;
CREATE TEMP MACRO local_day(ms) AS floor_div(ms + local_offset_ms(), day_ms());
CREATE TEMP MACRO day_start(d) AS d * day_ms() - local_offset_ms();

-- One row for each rec, the greatest by (version, withdrawn, digest); of exact copies any one, and only one.
CREATE TEMP TABLE latest AS
SELECT rec, "row", version, withdrawn, event_ms, count(*) OVER (PARTITION BY rec) AS told
FROM raw_records
QUALIFY row_number() OVER (PARTITION BY rec ORDER BY version DESC, withdrawn DESC, digest DESC, "row") = 1;

CREATE TEMP TABLE standing AS
SELECT rec, "row", event_ms FROM latest WHERE NOT withdrawn;

CREATE TEMP TABLE version_conflicts AS
SELECT l.rec, any_value(l.event_ms) AS event_ms
FROM (FROM latest WHERE told > 1) l JOIN raw_records r ON r.rec = l.rec AND r.version = l.version
GROUP BY l.rec
HAVING count(DISTINCT (r.withdrawn, r.digest)) > 1;
