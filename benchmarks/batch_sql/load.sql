-- What a drop adds: each record once, and of its versions the one that stands (docs/rules.md, section 1).

CREATE OR REPLACE TEMP TABLE greatest_told AS
FROM raw_records
QUALIFY row_number() OVER (PARTITION BY rec ORDER BY version DESC, withdrawn DESC, digest DESC, "row") = 1;

CREATE OR REPLACE TEMP TABLE known AS
SELECT r.* FROM records r SEMI JOIN greatest_told g ON g.rec = r.rec;

CREATE OR REPLACE TEMP TABLE won AS
SELECT g.*, k.rec IS NOT NULL AS known
FROM greatest_told g LEFT JOIN known k ON k.rec = g.rec
WHERE k.rec IS NULL OR (g.version, g.withdrawn, g.digest) > (k.version, k.withdrawn, k.digest);
