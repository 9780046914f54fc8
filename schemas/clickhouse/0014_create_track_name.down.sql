DROP VIEW IF EXISTS {database}.track_name SYNC;

DROP VIEW IF EXISTS {database}.alias_of_track SYNC;

DROP TABLE IF EXISTS {database}.track_alias SYNC;
