DROP VIEW IF EXISTS {database}.coverage_on;

DROP TABLE IF EXISTS {database}.coverage;
