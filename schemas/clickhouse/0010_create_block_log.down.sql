DROP VIEW IF EXISTS {database}_raw.parked_block SYNC;

DROP TABLE IF EXISTS {database}_raw.block_log SYNC;
