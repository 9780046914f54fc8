DROP VIEW IF EXISTS {database}.links_of_event SYNC;

DROP VIEW IF EXISTS {database}.open_events SYNC;

DROP VIEW IF EXISTS {database}.event_history SYNC;

DROP TABLE IF EXISTS {database}.event SYNC;
