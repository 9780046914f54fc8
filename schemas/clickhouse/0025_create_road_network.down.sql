DROP VIEW IF EXISTS {database}.current_lanes SYNC;
DROP TABLE IF EXISTS {database}.road_lane SYNC;
DROP TABLE IF EXISTS {database}.road_part SYNC;
