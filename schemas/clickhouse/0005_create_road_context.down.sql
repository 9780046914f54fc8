DROP TABLE IF EXISTS {database}.road_context SYNC;
