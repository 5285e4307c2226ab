-- Section 6: contacts of degree 1 and 0. What the exposures of a pair amount to, and the measures that follow.

-- Adds to each row the time it contributes to the union of the rows of its (source, contact, rule, in_circle).
CREATE TEMP TABLE exposure_groups AS
WITH stepped AS (
  SELECT *, greatest(since_ms, coalesce(max(until_ms) OVER (
    PARTITION BY source, contact, rule, in_circle ORDER BY since_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), since_ms)) AS from_ms
  FROM exposures
)
SELECT source, contact, pack, rule, in_circle, any_value(category) AS category, any_value(class) AS class,
       max(certainty) AS certainty, sum(greatest(0, until_ms - from_ms))::BIGINT AS together_ms
FROM stepped
GROUP BY source, contact, pack, rule, in_circle;

-- Which groups have a minimum; a symptom rule has none.
CREATE TEMP TABLE minima AS
SELECT pack, rule, overlap_min_ms, below FROM place_rules
UNION SELECT pack, rule, overlap_min_ms, below FROM ride_rules;

CREATE TEMP TABLE deciding_groups AS
WITH counted AS (
  SELECT g.* REPLACE (CASE WHEN g.in_circle AND g.together_ms < m.overlap_min_ms THEN m.below ELSE g.class END AS class)
  FROM exposure_groups g LEFT JOIN minima m ON m.pack = g.pack AND m.rule = g.rule
)
SELECT * FROM counted
WHERE class > class_none()
QUALIFY class = max(class) OVER (PARTITION BY source, contact);

CREATE TEMP TABLE deciding_exposures AS
SELECT e.* FROM exposures e SEMI JOIN deciding_groups g
  ON g.source = e.source AND g.contact = e.contact AND g.rule = e.rule AND g.in_circle = e.in_circle;

-- What the deciding rows of each pair sum up to.
CREATE TEMP MACRO sums(deciding) AS TABLE
WITH stepped AS (
  SELECT *, greatest(since_ms, coalesce(max(until_ms) OVER (
    PARTITION BY source, contact ORDER BY since_ms ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), since_ms)) AS from_ms
  FROM query_table(deciding)
)
SELECT source, contact, max(certainty) AS certainty, min(since_ms) AS first_ms, max(until_ms) AS last_ms,
       CASE WHEN max(until_ms) = open_ms() THEN open_ms()
            ELSE sum(greatest(0, until_ms - from_ms))::BIGINT END AS overlap_ms,
       count(*) AS exposures
FROM stepped
GROUP BY source, contact;

CREATE TEMP TABLE contacts AS
WITH decided AS (
  SELECT DISTINCT ON (source, contact) source, contact, pack, class, rule, category
  FROM deciding_groups
  ORDER BY source, contact, certainty DESC, together_ms DESC, rule
)
SELECT d.source, d.contact, CASE WHEN d.class = class_close() THEN 1 ELSE 0 END::BIGINT AS degree, d.source AS root,
       d.class, d.rule, d.category, s.certainty, s.first_ms, s.last_ms, s.overlap_ms, s.exposures, d.pack
FROM decided d JOIN sums('deciding_exposures') s ON s.source = d.source AND s.contact = d.contact;

-- Measures, counted from day 0, the local day of the last exposure.
CREATE TEMP MACRO isolate_until(last_ms, isolation_days) AS
  CASE WHEN last_ms = open_ms() OR isolation_days = 0 THEN unknown_ms()
       ELSE day_start(local_day(last_ms - 1) + isolation_days + 1) END;
CREATE TEMP MACRO monitor_until(last_ms, isolation_days, monitoring_days) AS
  CASE WHEN last_ms = open_ms() OR monitoring_days = 0 THEN unknown_ms()
       ELSE day_start(local_day(last_ms - 1) + isolation_days + monitoring_days + 1) END;
CREATE TEMP MACRO tests_due(last_ms, test_days) AS
  CASE WHEN last_ms = open_ms() THEN []::BIGINT[]
       ELSE list_sort(list_transform(test_days, lambda d: local_day(last_ms - 1) + d)) END;
