ALTER TABLE {database}.road_minute DROP PROJECTION IF EXISTS by_day;

ALTER TABLE {database}.road_minute RESET SETTING deduplicate_merge_projection_mode;
