DROP VIEW IF EXISTS {database}.minute_of_road SYNC;

DROP TABLE IF EXISTS {database}.road_minute SYNC;
