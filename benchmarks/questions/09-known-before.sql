-- 病例中有多少此前已在密接名单？
-- How many of the cases were contacts before they were found? A share that falls says that chains are missed.
SELECT count(*) AS cases,
       count(*) FILTER (EXISTS (
           SELECT 1 FROM contacts c
           WHERE c.contact_person = k.case_person AND c.degree IN (1, 2) AND c.first_exposure_at_ms < k.anchor_at_ms
       )) AS were_contacts
FROM cases k
