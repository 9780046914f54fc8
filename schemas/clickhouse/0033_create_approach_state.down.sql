DROP VIEW IF EXISTS {database}.approach_state;

DROP TABLE IF EXISTS {database}.approach_second SYNC;
