-- A day of a place lies together: the table's own order has it in 24 pieces, each a granule or more for each run of
-- cells. What is summed up is the same in both.
ALTER TABLE {database}.road_minute MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';

ALTER TABLE {database}.road_minute ADD PROJECTION IF NOT EXISTS by_day
(
    SELECT
        run_id, toDate(minute) AS day, h3, minute, object_class,
        track_seconds, still_seconds, speed_sum_mps, speed_sum_m2ps2, speed_max_mps, tracks
    ORDER BY run_id, toDate(minute), h3, minute, object_class
);

ALTER TABLE {database}.road_minute MATERIALIZE PROJECTION by_day;
