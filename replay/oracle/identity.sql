-- Section 2: who is who.

CREATE TEMP MACRO is_anchor(ident) AS (ident >> rank_shift()) < phone_rank();

CREATE TEMP TABLE links AS
SELECT l.carried, l.owner, l.since_ms, l.until_ms
FROM raw_links l JOIN standing s ON s."row" = l."row";

-- person(anchor): the least token of the connected component. Anchors without a link are themselves and not listed.
CREATE TEMP TABLE anchors AS
WITH RECURSIVE
  anchor_links AS (SELECT carried, owner FROM links WHERE is_anchor(carried) AND is_anchor(owner)),
  both_ways AS (SELECT carried AS a, owner AS b FROM anchor_links UNION SELECT owner, carried FROM anchor_links),
  component(anchor, person) USING KEY (anchor) AS (
    SELECT a, least(a, min(b)) FROM both_ways GROUP BY a
    UNION
    SELECT e.a, min(c.person)
    FROM component c
    JOIN both_ways e ON e.b = c.anchor
    JOIN recurring.component known ON known.anchor = e.a
    WHERE c.person < known.person
    GROUP BY e.a
  )
SELECT anchor, person FROM component;

-- Who holds a carried identifier. `holder`: the person of an owner that is an anchor, null for one that is a phone.
CREATE TEMP TABLE holdings AS
SELECT l.carried, l.owner, l.since_ms, l.until_ms,
       CASE WHEN is_anchor(l.owner) THEN coalesce(a.person, l.owner) END AS holder
FROM links l LEFT JOIN anchors a ON a.anchor = l.owner
WHERE NOT is_anchor(l.carried);

-- The set S of each carried identifier and instant of a table (ident, t): rows (ident, t, person), none if S is empty.
CREATE TEMP MACRO holders(asked) AS TABLE
WITH
  held AS (
    SELECT DISTINCT q.ident, q.t, h.owner, h.holder
    FROM query_table(asked) q
    JOIN holdings h ON h.carried = q.ident AND h.since_ms <= q.t AND q.t < h.until_ms
  ),
  phones AS (SELECT DISTINCT owner AS phone, t FROM held WHERE holder IS NULL),
  phone_persons AS (
    SELECT p.phone, p.t, CASE WHEN min(h.holder) = max(h.holder) THEN min(h.holder) ELSE p.phone END AS person
    FROM phones p
    LEFT JOIN holdings h ON h.carried = p.phone AND h.since_ms <= p.t AND p.t < h.until_ms
    GROUP BY p.phone, p.t
  )
SELECT DISTINCT held.ident, held.t, coalesce(held.holder, p.person) AS person
FROM held LEFT JOIN phone_persons p ON p.phone = held.owner AND p.t = held.t;

-- resolve(ident, t) for each distinct row of a table (ident, t): rows (ident, t, person).
CREATE TEMP MACRO resolved(asked) AS TABLE
WITH
  queries AS (SELECT DISTINCT ident, t FROM query_table(asked)),
  single AS (SELECT ident, t, min(person) AS person FROM holders(asked) GROUP BY ident, t HAVING count(*) = 1)
SELECT q.ident, q.t, coalesce(a.person, s.person, q.ident) AS person
FROM queries q
LEFT JOIN anchors a ON a.anchor = q.ident
LEFT JOIN single s ON s.ident = q.ident AND s.t = q.t;

-- The identifiers that can ever resolve to somebody in a table (person): at most two steps away.
CREATE TEMP MACRO identifiers_of(people) AS TABLE
WITH
  near AS (
    SELECT person AS ident FROM query_table(people)
    UNION
    SELECT anchor FROM anchors SEMI JOIN query_table(people) p ON p.person = anchors.person
    UNION
    SELECT carried FROM holdings SEMI JOIN query_table(people) p ON p.person = holdings.holder
  )
SELECT ident FROM near
UNION
SELECT h.carried FROM holdings h SEMI JOIN near ON near.ident = h.owner;
