-- Traffic on each segment: a row a second, and a row a minute that is kept for longer.
CREATE TABLE IF NOT EXISTS {database}.segment_second
(
    run_id           LowCardinality(String),
    station_id       LowCardinality(String),
    cell             UInt64                 CODEC(ZSTD(1)) COMMENT 'home cell of the segment',
    cell_key         LowCardinality(String),
    start            DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of the second, in tick time',
    segment_id       UInt64                 CODEC(ZSTD(1)),
    length_m         Float32                CODEC(ZSTD(1)),
    seen             Float32                CODEC(ZSTD(1)) COMMENT 'share that a live source looked at, 0 to 1',
    time_s           Float32                CODEC(ZSTD(1)) COMMENT 'that all objects spent there',
    distance_m       Float32                CODEC(ZSTD(1)) COMMENT 'that they went there',
    vehicles         UInt16                 CODEC(ZSTD(1)) COMMENT 'different objects',
    flow_vph         Float32                CODEC(ZSTD(1)) COMMENT 'vehicles an hour; NaN if less than a tenth was seen',
    density_vpkm     Float32                CODEC(ZSTD(1)) COMMENT 'vehicles a kilometre of all lanes; NaN as above',
    speed_mps        Float32                CODEC(ZSTD(1)) COMMENT 'space-mean speed; NaN if nobody was there, as are the percentiles',
    speed_p15_mps    Float32                CODEC(ZSTD(1)),
    speed_p50_mps    Float32                CODEC(ZSTD(1)),
    speed_p85_mps    Float32                CODEC(ZSTD(1)),
    queued           UInt16                 CODEC(ZSTD(1)) COMMENT 'vehicles in a queue at the end of the second',
    queue_m          Float32                CODEC(ZSTD(1)) COMMENT 'from the first to the last of them',
    queue_end_m      Float32                CODEC(ZSTD(1)) COMMENT 'from the start of the segment; NaN without a queue',
    object_class     Array(UInt8)           CODEC(ZSTD(1)) COMMENT 'classes that were there; the next three go with it',
    class_time_s     Array(Float32)         CODEC(ZSTD(1)),
    class_distance_m Array(Float32)         CODEC(ZSTD(1)),
    class_vehicles   Array(UInt16)          CODEC(ZSTD(1)),
    loaded_at        DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(start)
ORDER BY (run_id, segment_id, start)
TTL loaded_at + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS {database}.segment_minute
(
    run_id           LowCardinality(String),
    station_id       LowCardinality(String),
    cell             UInt64                 CODEC(ZSTD(1)) COMMENT 'home cell of the segment',
    cell_key         LowCardinality(String),
    start            DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of the minute, in tick time',
    segment_id       UInt64                 CODEC(ZSTD(1)),
    length_m         Float32                CODEC(ZSTD(1)),
    seen             Float32                CODEC(ZSTD(1)) COMMENT 'share that a live source looked at, 0 to 1',
    time_s           Float32                CODEC(ZSTD(1)) COMMENT 'that all objects spent there',
    distance_m       Float32                CODEC(ZSTD(1)) COMMENT 'that they went there',
    vehicles         UInt16                 CODEC(ZSTD(1)) COMMENT 'different objects',
    flow_vph         Float32                CODEC(ZSTD(1)) COMMENT 'vehicles an hour; NaN if less than a tenth was seen',
    density_vpkm     Float32                CODEC(ZSTD(1)) COMMENT 'vehicles a kilometre of all lanes; NaN as above',
    speed_mps        Float32                CODEC(ZSTD(1)) COMMENT 'space-mean speed; NaN if nobody was there, as are the percentiles',
    speed_p15_mps    Float32                CODEC(ZSTD(1)),
    speed_p50_mps    Float32                CODEC(ZSTD(1)),
    speed_p85_mps    Float32                CODEC(ZSTD(1)),
    queued           UInt16                 CODEC(ZSTD(1)) COMMENT 'most vehicles in a queue in any second',
    queue_m          Float32                CODEC(ZSTD(1)) COMMENT 'from the first to the last of them',
    queue_end_m      Float32                CODEC(ZSTD(1)) COMMENT 'from the start of the segment; NaN without a queue',
    object_class     Array(UInt8)           CODEC(ZSTD(1)) COMMENT 'classes that were there; the next three go with it',
    class_time_s     Array(Float32)         CODEC(ZSTD(1)),
    class_distance_m Array(Float32)         CODEC(ZSTD(1)),
    class_vehicles   Array(UInt16)          CODEC(ZSTD(1)),
    loaded_at        DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (run_id, segment_id, start)
TTL loaded_at + INTERVAL 3650 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Both, of the run that each day shows, each row once.
CREATE VIEW IF NOT EXISTS {database}.segment_state AS
SELECT * FROM
(
    SELECT 1 AS period_s, * FROM {database}.segment_second
    UNION ALL
    SELECT 60 AS period_s, * FROM {database}.segment_minute
)
WHERE (toDate(start), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
LIMIT 1 BY run_id, period_s, segment_id, start;
