DROP VIEW IF EXISTS {database}.segment_state;

DROP TABLE IF EXISTS {database}.segment_minute SYNC;

DROP TABLE IF EXISTS {database}.segment_second SYNC;
