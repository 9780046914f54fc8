-- The tier of months: each object once a second, at the ticks on whole seconds. Whole hours of a cell lie
-- together, and in them the tracks in the order of their ids, which are as good as random numbers: the first
-- 1/n of the ids are a sample of whole tracks that costs 1/n of the reading.
CREATE TABLE IF NOT EXISTS {database}.fused_object_second
(
    run_id                  LowCardinality(String),
    station_id              LowCardinality(String),
    cell                    UInt64                        CODEC(ZSTD(1)),
    cell_key                LowCardinality(String),
    tick                    DateTime64(6, 'UTC')          CODEC(DoubleDelta, ZSTD(1)) COMMENT 'a whole second',
    frame                   LowCardinality(String)        COMMENT 'wgs84: lat_e7, lon_e7 hold; local: x_m, y_m hold',
    track_id                UInt64                        CODEC(ZSTD(1)),
    lat_e7                  Int32                         CODEC(DoubleDelta, ZSTD(1)) COMMENT '0 if frame is local',
    lon_e7                  Int32                         CODEC(DoubleDelta, ZSTD(1)) COMMENT '0 if frame is local',
    x_m                     Float64                       CODEC(Gorilla, ZSTD(1)) COMMENT 'NaN if frame is wgs84',
    y_m                     Float64                       CODEC(Gorilla, ZSTD(1)) COMMENT 'NaN if frame is wgs84',
    velocity_east_mps       Float32                       CODEC(Delta, ZSTD(1)) COMMENT 'rounded to multiples of 1/64',
    velocity_north_mps      Float32                       CODEC(Delta, ZSTD(1)) COMMENT 'rounded to multiples of 1/64',
    heading_rad             Float32                       CODEC(Delta, ZSTD(1)) COMMENT 'rounded to multiples of 1/512; clockwise from north, or counter-clockwise from +x if frame is local',
    object_class            UInt8                         CODEC(ZSTD(1)),
    class_name              String                        ALIAS ['unknown', 'car', 'van', 'truck', 'bus', 'motorcycle', 'bicycle', 'pedestrian', 'animal', 'obstacle', 'emergency', 'trailer', 'tram'][object_class + 1],
    existence               Float32                       CODEC(Gorilla, ZSTD(1)) COMMENT 'rounded to multiples of 1/512',
    cov_ee_m2               Float32                       CODEC(ZSTD(1)) COMMENT 'rounded up to 6 significant bits',
    cov_en_m2               Float32                       CODEC(ZSTD(1)) COMMENT 'rounded toward zero to 5 significant bits',
    cov_nn_m2               Float32                       CODEC(ZSTD(1)) COMMENT 'rounded up to 6 significant bits',
    age_us                  Int32                         CODEC(ZSTD(1)) COMMENT 'time since the last observation',
    context_flags           UInt32                        CODEC(ZSTD(1)),
    sources                 Array(LowCardinality(String)) CODEC(ZSTD(1)),
    loaded_at               DateTime('UTC')               MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load',
    INDEX place (lat_e7, lon_e7) TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(tick)
ORDER BY (run_id, cell_key, toStartOfHour(tick), track_id, tick)
TTL loaded_at + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.second_of_fused_object TO {database}.fused_object_second AS
SELECT
    run_id, station_id, cell, cell_key, tick, frame, track_id, lat_e7, lon_e7, x_m, y_m,
    velocity_east_mps, velocity_north_mps, heading_rad, object_class, existence,
    cov_ee_m2, cov_en_m2, cov_nn_m2, age_us, context_flags, sources
FROM {database}.fused_object_state
WHERE tick = toStartOfSecond(tick);
