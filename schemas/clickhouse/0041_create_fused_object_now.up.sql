-- What is on the road now, in a table of its own: of each block the last tick of each cell that has objects, so a row a
-- second for an object. Who asks about now reads thousands of rows and not the whole minute before. Small granules, since
-- one picture of a cell is what is asked for; an hour is a partition, so that it goes as a whole.
CREATE TABLE IF NOT EXISTS {database}.fused_object_now
(
    run_id             LowCardinality(String),
    station_id         LowCardinality(String),
    cell               UInt64                        CODEC(ZSTD(1)),
    cell_key           LowCardinality(String),
    tick               DateTime64(6, 'UTC')          CODEC(DoubleDelta, ZSTD(1)),
    frame              LowCardinality(String)        COMMENT 'wgs84: lat_e7, lon_e7 hold; local: x_m, y_m hold',
    track_id           UInt64                        CODEC(ZSTD(1)),
    lat_e7             Int32                         CODEC(ZSTD(1)) COMMENT '0 if frame is local',
    lon_e7             Int32                         CODEC(ZSTD(1)) COMMENT '0 if frame is local',
    x_m                Float64                       CODEC(ZSTD(1)) COMMENT 'NaN if frame is wgs84',
    y_m                Float64                       CODEC(ZSTD(1)) COMMENT 'NaN if frame is wgs84',
    velocity_east_mps  Float32                       CODEC(ZSTD(1)),
    velocity_north_mps Float32                       CODEC(ZSTD(1)),
    heading_rad        Float32                       CODEC(ZSTD(1)) COMMENT 'clockwise from north, or counter-clockwise from +x if frame is local',
    length_m           Float32                       CODEC(ZSTD(1)),
    width_m            Float32                       CODEC(ZSTD(1)),
    height_m           Float32                       CODEC(ZSTD(1)),
    object_class       UInt8                         CODEC(ZSTD(1)),
    class_name         String                        ALIAS ['unknown', 'car', 'van', 'truck', 'bus', 'motorcycle', 'bicycle', 'pedestrian', 'animal', 'obstacle', 'emergency', 'trailer', 'tram'][object_class + 1],
    class_probability  Float32                       CODEC(ZSTD(1)),
    existence          Float32                       CODEC(ZSTD(1)),
    cov_ee_m2          Float32                       CODEC(ZSTD(1)),
    cov_en_m2          Float32                       CODEC(ZSTD(1)),
    cov_nn_m2          Float32                       CODEC(ZSTD(1)),
    age_us             Int32                         CODEC(ZSTD(1)) COMMENT 'time since the last observation',
    context_flags      UInt32                        CODEC(ZSTD(1)),
    sources            Array(LowCardinality(String)) CODEC(ZSTD(1)),
    loaded_at          DateTime('UTC')               MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toStartOfHour(tick)
ORDER BY (run_id, cell_key, tick, track_id)
TTL loaded_at + INTERVAL 24 HOUR
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1, index_granularity = 1024;

-- A window and no subquery: a subquery reads the whole table on servers of some versions, a window the block.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.now_of_fused_object TO {database}.fused_object_now AS
SELECT * EXCEPT newest
FROM
(
    SELECT
        run_id, station_id, cell, cell_key, tick, frame, track_id, lat_e7, lon_e7, x_m, y_m,
        velocity_east_mps, velocity_north_mps, heading_rad, length_m, width_m, height_m, object_class, class_probability,
        existence, cov_ee_m2, cov_en_m2, cov_nn_m2, age_us, context_flags, sources,
        max(tick) OVER (PARTITION BY run_id, cell_key) AS newest
    FROM {database}.fused_object_state
)
WHERE tick = newest;

-- The newest pictures so far, so that the road is not empty until the next block.
INSERT INTO {database}.fused_object_now
(
    run_id, station_id, cell, cell_key, tick, frame, track_id, lat_e7, lon_e7, x_m, y_m,
    velocity_east_mps, velocity_north_mps, heading_rad, length_m, width_m, height_m, object_class, class_probability,
    existence, cov_ee_m2, cov_en_m2, cov_nn_m2, age_us, context_flags, sources
)
SELECT
    run_id, station_id, cell, cell_key, tick, frame, track_id, lat_e7, lon_e7, x_m, y_m,
    velocity_east_mps, velocity_north_mps, heading_rad, length_m, width_m, height_m, object_class, class_probability,
    existence, cov_ee_m2, cov_en_m2, cov_nn_m2, age_us, context_flags, sources
FROM {database}.fused_object_state
WHERE (run_id, cell_key, tick) IN (SELECT run, cell_key, newest FROM {database}.current_pictures)
    AND tick > (SELECT tick FROM {database}.current_run) - INTERVAL 1 MINUTE;

DROP VIEW IF EXISTS {database}.current_objects SYNC;

-- What is on the road now, under one id for each object, with degrees for maps of mainland China.
CREATE VIEW IF NOT EXISTS {database}.current_objects AS
SELECT
    cell_key, tick,
    if(names.name = 0, states.track_id, names.name) AS track_id,
    class_name, class_probability, existence,
    if(frame = 'local', NULL, lat_e7 / 1e7) AS lat_deg,
    if(frame = 'local', NULL, lon_e7 / 1e7) AS lon_deg,
    if(frame = 'local', x_m, NULL) AS x_m,
    if(frame = 'local', y_m, NULL) AS y_m,
    hypot(velocity_east_mps, velocity_north_mps) AS speed_mps,
    heading_rad, length_m, width_m, height_m,
    sqrt((cov_ee_m2 + cov_nn_m2) / 2) AS sigma_m,
    age_us, sources, context_flags,
    if(frame = 'local', (NULL, NULL), gcj02OfWgs84(lon_e7 / 1e7, lat_e7 / 1e7)) AS gcj02,
    if(frame = 'local', (NULL, NULL), bd09OfGcj02(gcj02OfWgs84(lon_e7 / 1e7, lat_e7 / 1e7).1, gcj02OfWgs84(lon_e7 / 1e7, lat_e7 / 1e7).2)) AS bd09,
    states.run_id AS run_id, station_id
FROM {database}.fused_object_now AS states
LEFT JOIN {database}.track_name AS names ON names.run_id = states.run_id AND names.track_id = states.track_id
WHERE (states.run_id, cell_key, tick) IN (SELECT run, cell_key, newest FROM {database}.current_pictures)
    AND tick > (SELECT tick FROM {database}.current_run) - INTERVAL 1 MINUTE
LIMIT 1 BY cell_key, track_id;

DROP VIEW IF EXISTS {database}.picture_of_cell SYNC;

-- The current picture of one cell, as fast as it goes: no other cell is read. The run and the tick stand apart in
-- the condition, since a comparison of tuples prunes nothing.
CREATE VIEW IF NOT EXISTS {database}.picture_of_cell AS
WITH
    (SELECT (run, tick) FROM {database}.current_run) AS now,
    (
        SELECT max(tick) FROM {database}.picture
        WHERE run_id = now.1 AND cell_key = {cell:String} AND tick > now.2 - INTERVAL 1 MINUTE
    ) AS newest
SELECT
    tick, track_id AS shown_id, class_name, existence,
    if(frame = 'local', NULL, lat_e7 / 1e7) AS lat_deg,
    if(frame = 'local', NULL, lon_e7 / 1e7) AS lon_deg,
    if(frame = 'local', x_m, NULL) AS x_m,
    if(frame = 'local', y_m, NULL) AS y_m,
    hypot(velocity_east_mps, velocity_north_mps) AS speed_mps,
    heading_rad, length_m, width_m,
    sqrt((cov_ee_m2 + cov_nn_m2) / 2) AS sigma_m,
    age_us, sources, context_flags, run_id
FROM {database}.fused_object_now
WHERE run_id = now.1 AND cell_key = {cell:String} AND tick = newest
LIMIT 1 BY track_id;
