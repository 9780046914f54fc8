-- The key puts a cell's minute together (a map tile, the picture of now) and in it each track's states
-- in a row, which is what the codecs live on; one track is found by the bloom filter.
-- The states are rounded when they are written: exact Float32 cost 55 bytes a row, these 19.
CREATE TABLE IF NOT EXISTS {database}.fused_object_state
(
    run_id                  LowCardinality(String),
    station_id              LowCardinality(String),
    cell                    UInt64                        CODEC(ZSTD(1)),
    cell_key                LowCardinality(String),
    tick                    DateTime64(6, 'UTC')          CODEC(DoubleDelta, ZSTD(1)),
    frame                   LowCardinality(String)        COMMENT 'wgs84: lat_e7, lon_e7 hold; local: x_m, y_m hold',
    track_id                UInt64                        CODEC(ZSTD(1)),
    lat_e7                  Int32                         CODEC(DoubleDelta, ZSTD(1)) COMMENT '0 if frame is local',
    lon_e7                  Int32                         CODEC(DoubleDelta, ZSTD(1)) COMMENT '0 if frame is local',
    x_m                     Float64                       CODEC(Gorilla, ZSTD(1)) COMMENT 'NaN if frame is wgs84',
    y_m                     Float64                       CODEC(Gorilla, ZSTD(1)) COMMENT 'NaN if frame is wgs84',
    altitude_m              Float32                       CODEC(Gorilla, ZSTD(1)) COMMENT 'rounded to multiples of 1/32',
    velocity_east_mps       Float32                       CODEC(Delta, ZSTD(1)) COMMENT 'rounded to multiples of 1/64',
    velocity_north_mps      Float32                       CODEC(Delta, ZSTD(1)) COMMENT 'rounded to multiples of 1/64',
    acceleration_mps2       Float32                       CODEC(ZSTD(1)) COMMENT 'rounded to multiples of 1/32',
    turn_rate_radps         Float32                       CODEC(ZSTD(1)) COMMENT 'rounded to multiples of 1/512',
    heading_rad             Float32                       CODEC(Delta, ZSTD(1)) COMMENT 'rounded to multiples of 1/512; clockwise from north, or counter-clockwise from +x if frame is local',
    length_m                Float32                       CODEC(Gorilla, ZSTD(1)) COMMENT 'rounded to multiples of 1/32',
    width_m                 Float32                       CODEC(Gorilla, ZSTD(1)) COMMENT 'rounded to multiples of 1/32',
    height_m                Float32                       CODEC(Gorilla, ZSTD(1)) COMMENT 'rounded to multiples of 1/32',
    object_class            UInt8                         CODEC(ZSTD(1)),
    class_name              String                        ALIAS ['unknown', 'car', 'van', 'truck', 'bus', 'motorcycle', 'bicycle', 'pedestrian', 'animal', 'obstacle', 'emergency', 'trailer', 'tram'][object_class + 1],
    class_probability       Float32                       CODEC(Gorilla, ZSTD(1)) COMMENT 'rounded to multiples of 1/128',
    existence               Float32                       CODEC(Gorilla, ZSTD(1)) COMMENT 'rounded to multiples of 1/512',
    cov_ee_m2               Float32                       CODEC(ZSTD(1)) COMMENT 'rounded up to 6 significant bits',
    cov_en_m2               Float32                       CODEC(ZSTD(1)) COMMENT 'rounded toward zero to 5 significant bits',
    cov_nn_m2               Float32                       CODEC(ZSTD(1)) COMMENT 'rounded up to 6 significant bits',
    velocity_variance_m2ps2 Float32                       CODEC(ZSTD(1)) COMMENT 'rounded up to 6 significant bits',
    age_us                  Int32                         CODEC(ZSTD(1)) COMMENT 'time since the last observation',
    observations            UInt16                        CODEC(ZSTD(1)) COMMENT 'used since the previous tick',
    context_flags           UInt32                        CODEC(ZSTD(1)),
    sources                 Array(LowCardinality(String)) CODEC(ZSTD(1)),
    segment_id              Nullable(UInt64)              CODEC(ZSTD(1)) COMMENT 'NULL until known',
    lane_id                 Nullable(UInt64)              CODEC(ZSTD(1)) COMMENT 'NULL until known',
    loaded_at               DateTime('UTC')               MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load',
    INDEX track track_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(tick)
ORDER BY (run_id, cell_key, toStartOfMinute(tick), track_id, tick)
TTL loaded_at + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
