DROP TABLE IF EXISTS {database}.track_event SYNC;
