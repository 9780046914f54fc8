DROP VIEW IF EXISTS {database}.contribution_of SYNC;

DROP VIEW IF EXISTS {database}.day_of_contribution SYNC;

DROP TABLE IF EXISTS {database}.source_contribution_day SYNC;
