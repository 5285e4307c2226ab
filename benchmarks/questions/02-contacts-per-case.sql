-- 每个病例有多少密接、次密接？
-- How many contacts of each degree does a case have?
SELECT case_person, count(*) FILTER (degree = 1) AS close, count(*) FILTER (degree = 2) AS secondary,
       count(*) FILTER (degree = 0) AS others
FROM contacts
GROUP BY case_person
ORDER BY close DESC, secondary DESC, case_person
