DROP TABLE IF EXISTS {database}_raw.dead_letter SYNC;

DROP DATABASE IF EXISTS {database}_raw SYNC;
