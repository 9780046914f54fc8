DROP VIEW IF EXISTS {database}.minute_of_track SYNC;

DROP TABLE IF EXISTS {database}.track_minute SYNC;
