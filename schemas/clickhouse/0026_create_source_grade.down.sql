DROP VIEW IF EXISTS {database}.source_grade SYNC;

DROP VIEW IF EXISTS {database}.source_dimension SYNC;

DROP VIEW IF EXISTS {database}.grade_limit_in_force SYNC;

DROP TABLE IF EXISTS {database}.grade_limit SYNC;
