DROP TABLE IF EXISTS {database}.picture SYNC;
