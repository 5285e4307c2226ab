-- Figures: how fast, and who slipped through. Without slices of drill time the figures that need them are left out.

-- Close contacts of a case that its records could show by the time it became one: from the swab, from the result, from
-- the case's opening to the list. Who was met later is counted from that meeting.
CREATE TEMP TABLE listings AS
SELECT l.source, l.contact, l.listed_ms, l.contact_id,
       (l.listed_ms - greatest(coalesce(i.found_ms, k.sampled_ms), l.first_ms)) / 3600000.0 AS from_sample_h,
       (l.listed_ms - greatest(i.known_ms, l.first_ms)) / 3600000.0 AS from_result_h,
       (l.listed_ms - greatest(coalesce(i.reported_ms, k.reported_ms), l.first_ms)) / 3600000.0 AS from_report_h,
       (l.listed_ms - greatest(o.at_ms, l.first_ms)) / 60000.0 AS from_opening_min
FROM listed l JOIN known_cases k ON k.person = l.source
LEFT JOIN opened_cases o ON o.person = l.source LEFT JOIN infections i ON i.person = l.source
WHERE l.degree = 1 AND l.listed_ms IS NOT NULL;

CREATE TEMP MACRO spans(name, spent) AS TABLE
SELECT name AS figure, g AS "group", CASE g WHEN 'p50' THEN p50 WHEN 'p95' THEN p95 ELSE greatest END AS value, NULL::BIGINT AS numerator, n AS denominator
FROM (SELECT quantile_disc(v, 0.5) AS p50, quantile_disc(v, 0.95) AS p95, max(v) AS greatest, count(v) AS n FROM query_table(spent)), (VALUES ('p50'), ('p95'), ('max')) groups(g)
WHERE n > 0;
CREATE TEMP VIEW sample_spans AS SELECT from_sample_h AS v FROM listings;
CREATE TEMP VIEW result_spans AS SELECT from_result_h AS v FROM listings;
CREATE TEMP VIEW report_spans AS SELECT from_report_h AS v FROM listings;
CREATE TEMP VIEW opening_spans AS SELECT from_opening_min AS v FROM listings;
INSERT INTO figures FROM spans('hours_sampled_to_listed', 'sample_spans');
INSERT INTO figures FROM spans('hours_result_to_listed', 'result_spans');
INSERT INTO figures FROM spans('hours_reported_to_listed', 'report_spans');
INSERT INTO figures FROM spans('minutes_opened_to_listed', 'opening_spans');
INSERT INTO figures SELECT 'listed_within_24h', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (from_result_h <= 24) AS n, count(from_result_h) AS d FROM listings) WHERE d > 0;

-- Known as a contact before known as a case; of the cases that somebody in the city infected.
CREATE TEMP TABLE contact_since AS
SELECT n.person, min(e.at_ms) AS at_ms FROM concluded e JOIN codes n ON n.code = e.subject
WHERE e.kind = 'contact_found' AND e.degree IN (1, 2) AND e.at_ms IS NOT NULL GROUP BY n.person;
INSERT INTO figures SELECT 'known_before_case', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (c.at_ms < o.at_ms) AS n, count(*) AS d
  FROM opened_cases o JOIN infections i ON i.person = o.person AND i.infector >= 0 LEFT JOIN contact_since c ON c.person = o.person
  WHERE o.at_ms IS NOT NULL) WHERE d > 0;

-- Infected by somebody of the city who was neither listed nor isolated yet.
INSERT INTO figures SELECT 'infections_undetected', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (coalesce(least(c.at_ms, o.at_ms, f.isolated_ms), open_ms()) > i.infected_ms) AS n, count(*) AS d
  FROM infections i LEFT JOIN contact_since c ON c.person = i.infector LEFT JOIN opened_cases o ON o.person = i.infector
  LEFT JOIN infections f ON f.person = i.infector
  WHERE i.infector >= 0 AND EXISTS (FROM slices)) WHERE d > 0;
INSERT INTO figures SELECT 'infections_unseen', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (i.infector NOT IN (SELECT person FROM known_cases)) AS n, count(*) AS d FROM infections i WHERE i.infector >= 0) WHERE d > 0;

-- Close contacts of whom the lake knows neither an isolation nor a swab after their first exposure.
CREATE TEMP TABLE followed AS
SELECT p.person, p.isolated_at_ms IS NOT NULL OR EXISTS (FROM lake_swabs s WHERE s.person = p.person AND s.sampled_ms > p.first_exposure_at_ms) AS seen
FROM lake_persons p WHERE p.class = 'close';
INSERT INTO figures SELECT 'lost_to_follow_up', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (NOT seen) AS n, count(*) AS d FROM followed) WHERE d > 0;

-- The two curves, by local day of the drill.
INSERT INTO figures SELECT 'infected_on', strftime(make_date(local_day(infected_ms)::INTEGER), '%Y-%m-%d'), count(*), NULL, NULL FROM infections GROUP BY ALL;
INSERT INTO figures SELECT 'found_on', strftime(make_date(local_day(coalesce(o.at_ms, k.reported_ms, k.sampled_ms))::INTEGER), '%Y-%m-%d'), count(*), NULL, NULL
FROM known_cases k LEFT JOIN opened_cases o USING (person) WHERE coalesce(o.at_ms, k.reported_ms, k.sampled_ms) IS NOT NULL GROUP BY ALL;

-- How many close pairs were listed within so many hours of the result; for the curve of the page.
INSERT INTO figures SELECT 'listed_by_hours', printf('%05.2f', h), share(n, d), n, d FROM (
  SELECT h, count(*) FILTER (from_result_h <= h) AS n, count(from_result_h) AS d
  FROM listings, (VALUES (0.25), (0.5), (1), (2), (4), (8), (12), (24), (48)) steps(h) GROUP BY h) WHERE d > 0;

-- The drill's moments, for its timeline: instants, UTC epoch milliseconds. Of the drill's own days alone.
CREATE TEMP TABLE begun AS SELECT min(since_ms) AS since_ms FROM visits;
INSERT INTO figures SELECT 'moment', what, at_ms, NULL, NULL FROM (
  SELECT 'first_infected' AS what, min(infected_ms) AS at_ms FROM infections WHERE infected_ms >= (SELECT since_ms FROM begun)
  UNION ALL SELECT 'first_sampled', min(found_ms) FROM infections
  UNION ALL SELECT 'first_known', min(known_ms) FROM infections
  UNION ALL SELECT 'first_reported', min(reported_ms) FROM infections
  UNION ALL SELECT 'first_opened', min(at_ms) FROM opened_cases
  UNION ALL SELECT 'first_listed', min(listed_ms) FROM listings
  UNION ALL SELECT 'half_listed', quantile_disc(listed_ms, 0.5) FROM listings
  UNION ALL SELECT 'last_listed', max(listed_ms) FROM listings
) WHERE at_ms IS NOT NULL;
