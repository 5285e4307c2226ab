-- Links that came or went: whose every identifier was, anew for those whom they can reach (docs/rules.md, section 2).
-- In: changed (ident), the ends of these links.

CREATE OR REPLACE TEMP TABLE reached AS
WITH touched AS (SELECT DISTINCT component FROM components SEMI JOIN changed USING (ident))
SELECT ident FROM components SEMI JOIN touched USING (component) UNION SELECT ident FROM changed;

CREATE OR REPLACE TEMP TABLE links AS
SELECT carried, owner, since_ms, until_ms FROM links_kept SEMI JOIN reached ON reached.ident = carried;

DELETE FROM components WHERE ident IN (FROM reached);

INSERT INTO components
WITH RECURSIVE
  both_ways AS (SELECT carried AS a, owner AS b FROM links UNION SELECT owner, carried FROM links),
  component(ident, least_one) USING KEY (ident) AS (
    SELECT a, least(a, min(b)) FROM both_ways GROUP BY a
    UNION
    SELECT e.a, min(c.least_one)
    FROM component c
    JOIN both_ways e ON e.b = c.ident
    JOIN recurring.component known ON known.ident = e.a
    WHERE c.least_one < known.least_one
    GROUP BY e.a
  )
SELECT ident, least_one FROM component;

-- as in the oracle: anchors, holdings

-- Whose a carried identifier is can change only where a link of its own, or of a phone that owns it, begins or ends.
CREATE OR REPLACE TEMP TABLE edges AS
WITH own AS (
  SELECT carried AS ident, carried AS through FROM holdings
  UNION
  SELECT carried, owner FROM holdings WHERE NOT is_anchor(owner)
)
SELECT o.ident, h.since_ms AS t FROM own o JOIN holdings h ON h.carried = o.through
UNION
SELECT o.ident, h.until_ms FROM own o JOIN holdings h ON h.carried = o.through;

DELETE FROM spans WHERE ident IN (FROM reached);

INSERT INTO spans
WITH pieces AS (
  SELECT ident, t AS since_ms, lead(t, 1, open_ms()) OVER (PARTITION BY ident ORDER BY t) AS until_ms FROM edges
)
SELECT p.ident, p.since_ms, p.until_ms, r.person
FROM pieces p JOIN resolved_by_links('edges') r ON r.ident = p.ident AND r.t = p.since_ms
WHERE r.person <> p.ident AND p.since_ms < p.until_ms
UNION ALL
SELECT anchor, unknown_ms(), open_ms(), person FROM anchors WHERE person <> anchor;
