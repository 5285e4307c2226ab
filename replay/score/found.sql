-- Figures: who was found. A share has a numerator and a denominator; a count has its value alone.

CREATE TEMP TABLE figures (figure VARCHAR, "group" VARCHAR, value DOUBLE, numerator BIGINT, denominator BIGINT);
CREATE TEMP MACRO share(n, d) AS CASE WHEN d > 0 THEN n / d::DOUBLE END;

INSERT INTO figures SELECT 'infected', '', count(*), NULL, NULL FROM infections;
INSERT INTO figures SELECT 'case_recall', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (person IN (SELECT person FROM known_cases)) AS n, count(*) AS d FROM infections);
INSERT INTO figures SELECT 'confirmed_recall', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (person IN (SELECT person FROM known_cases)) AS n, count(*) AS d FROM infections WHERE reported_ms IS NOT NULL);
INSERT INTO figures SELECT 'case_precision', '', share(n, d), n, d FROM (
  SELECT count(*) FILTER (n.person IN (SELECT person FROM infections)) AS n, count(*) AS d
  FROM lake_cases c LEFT JOIN codes n ON n.code = c.case_person);

-- The groups that a pair counts in; without a name: close contacts, degree 1.
CREATE TEMP MACRO grouped(pairs, rows) AS TABLE
SELECT source, contact, degree, '' AS "group" FROM query_table(pairs) WHERE degree = 1
UNION ALL SELECT source, contact, degree, 'degree/' || degree FROM query_table(pairs)
UNION ALL SELECT source, contact, degree, 'rule/' || rule FROM query_table(pairs)
UNION ALL SELECT DISTINCT source, contact, degree, 'kind/' || k.word FROM query_table(rows) r JOIN kinds k USING (kind) WHERE degree = 1;

CREATE TEMP TABLE true_groups AS FROM grouped('true_pairs', 'true_rows');
CREATE TEMP TABLE shown_groups AS SELECT g.* FROM grouped('told_pairs', 'told_rows') g SEMI JOIN true_pairs USING (source, contact, degree);
CREATE TEMP TABLE listed_rows AS
SELECT l.source, l.contact, l.degree, k.kind FROM listed l JOIN (SELECT DISTINCT contact_id, place_kind FROM evidence) e USING (contact_id) JOIN kinds k ON k.word = e.place_kind;
CREATE TEMP TABLE listed_groups AS
FROM grouped('listed', 'listed_rows')
UNION ALL SELECT source, contact, degree, 'certainty/' || certainty FROM listed WHERE degree = 1;

INSERT INTO figures SELECT 'pairs_true', "group", count(*), NULL, NULL FROM true_groups GROUP BY "group";
INSERT INTO figures SELECT 'pairs_observable', "group", count(*), NULL, NULL FROM shown_groups GROUP BY "group";
INSERT INTO figures SELECT 'pairs_listed', "group", count(*), NULL, NULL FROM listed_groups GROUP BY "group";

INSERT INTO figures SELECT 'observable_share', "group", share(n, d), n, d FROM (
  SELECT g."group", count(*) FILTER (o.source IS NOT NULL) AS n, count(*) AS d
  FROM true_groups g LEFT JOIN (SELECT source, contact, degree FROM shown) o USING (source, contact, degree) GROUP BY g."group");
INSERT INTO figures SELECT 'recall_true', "group", share(n, d), n, d FROM (
  SELECT g."group", count(*) FILTER (o.source IS NOT NULL) AS n, count(*) AS d
  FROM true_groups g LEFT JOIN own o USING (source, contact, degree) GROUP BY g."group");
INSERT INTO figures SELECT 'recall_observable', "group", share(n, d), n, d FROM (
  SELECT g."group", count(*) FILTER (o.source IS NOT NULL) AS n, count(*) AS d
  FROM shown_groups g LEFT JOIN own o USING (source, contact, degree) GROUP BY g."group");
INSERT INTO figures SELECT 'precision_true', "group", share(n, d), n, d FROM (
  SELECT g."group", count(*) FILTER (t.source IS NOT NULL) AS n, count(*) AS d
  FROM listed_groups g LEFT JOIN true_pairs t USING (source, contact, degree) GROUP BY g."group");
INSERT INTO figures SELECT 'precision_observable', "group", share(n, d), n, d FROM (
  SELECT g."group", count(*) FILTER (t.source IS NOT NULL OR o.source IS NOT NULL) AS n, count(*) AS d
  FROM listed_groups g LEFT JOIN true_pairs t USING (source, contact, degree)
  LEFT JOIN (SELECT DISTINCT source, contact, degree FROM extra WHERE backed) o USING (source, contact, degree)
  GROUP BY g."group");

-- Exceptions by reason, of all degrees; a group is `degree/reason`.
INSERT INTO figures SELECT 'missing', degree || '/' || reason, count(*), NULL, NULL FROM missing GROUP BY degree, reason;
INSERT INTO figures SELECT 'extra', degree || '/' || reason, count(*), NULL, NULL FROM extra GROUP BY degree, reason;
INSERT INTO figures SELECT 'unrecorded', degree || '/' || reason, count(*), NULL, NULL FROM unrecorded GROUP BY degree, reason;
INSERT INTO figures SELECT 'case_lost', reason, count(*), NULL, NULL FROM lost_cases GROUP BY reason;
INSERT INTO figures SELECT 'unexplained', '', count(*), NULL, NULL FROM (SELECT reason FROM missing UNION ALL SELECT reason FROM extra UNION ALL SELECT reason FROM lost_cases) WHERE reason = 'unexplained';
