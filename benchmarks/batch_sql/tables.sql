-- The typed tables that stay: of every record the version that stands, of every fact that can change the answer the
-- columns it is asked for, and of every identifier whose it was when.

CREATE TABLE records (rec BIGINT, version BIGINT, withdrawn BOOLEAN, digest BIGINT, event_ms BIGINT);
CREATE TABLE presences (
  rec BIGINT, event_ms BIGINT, ident BIGINT, place BIGINT, kind BIGINT, since_ms BIGINT, flags BIGINT, seat BIGINT,
  until_ms BIGINT, certainty BIGINT);
CREATE TABLE links_kept (rec BIGINT, carried BIGINT, owner BIGINT, since_ms BIGINT, until_ms BIGINT);
CREATE TABLE reports_kept (
  rec BIGINT, event_ms BIGINT, ident BIGINT, classification BIGINT, onset_ms BIGINT, reported_ms BIGINT,
  discovery BIGINT);
CREATE TABLE samples_kept (rec BIGINT, ident BIGINT, tube BIGINT, sampled_ms BIGINT, pool_size BIGINT);
CREATE TABLE results_kept (rec BIGINT, event_ms BIGINT, tube BIGINT, result BIGINT);
CREATE TABLE admissions_kept (rec BIGINT, ident BIGINT, admitted_ms BIGINT, site BIGINT, room BIGINT);
CREATE TABLE discharges_kept (rec BIGINT, ident BIGINT, discharged_ms BIGINT, site BIGINT);
CREATE TABLE sites_kept (rec BIGINT, site BIGINT, takes BIGINT, since_ms BIGINT);
CREATE TABLE decisions_kept (
  rec BIGINT, ident BIGINT, purpose BIGINT, step BIGINT, at_ms BIGINT, run BIGINT, vehicle BIGINT, site BIGINT,
  room BIGINT);
CREATE TABLE receipts_kept (
  rec BIGINT, ident BIGINT, step BIGINT, at_ms BIGINT, run BIGINT, vehicle BIGINT, site BIGINT);

-- Who is linked with whom, by whatever way: what a new link can change lies in the components of its two ends.
CREATE TABLE components (ident BIGINT, component BIGINT);
-- Whose an identifier was on [since_ms, until_ms), where that is not itself.
CREATE TABLE spans (ident BIGINT, since_ms BIGINT, until_ms BIGINT, person BIGINT);
