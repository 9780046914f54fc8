-- The tier of years: what moved through an H3 cell of resolution 11 (25 m) in a minute. One row of the second
-- tier is one track-second. Sums count a block once because its token is remembered in the views' tables too.
CREATE TABLE IF NOT EXISTS {database}.road_minute
(
    run_id           LowCardinality(String),
    h3               UInt64                                CODEC(Delta, ZSTD(1)) COMMENT 'resolution 11',
    minute           DateTime('UTC')                       CODEC(Delta, ZSTD(1)),
    object_class     UInt8                                 CODEC(ZSTD(1)),
    class_name       String                                ALIAS ['unknown', 'car', 'van', 'truck', 'bus', 'motorcycle', 'bicycle', 'pedestrian', 'animal', 'obstacle', 'emergency', 'trailer', 'tram'][object_class + 1],
    track_seconds    SimpleAggregateFunction(sum, UInt64)  CODEC(T64, ZSTD(1)),
    still_seconds    SimpleAggregateFunction(sum, UInt64)  CODEC(T64, ZSTD(1)) COMMENT 'slower than 0.5 m/s',
    speed_sum_mps    SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    speed_sum_m2ps2  SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)) COMMENT 'of squares',
    speed_max_mps    SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    tracks           AggregateFunction(uniq, UInt64)       CODEC(ZSTD(1)),
    loaded_at        SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(minute)
ORDER BY (run_id, toStartOfHour(minute), h3, minute, object_class)
TTL loaded_at + INTERVAL 3650 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.minute_of_road TO {database}.road_minute AS
SELECT
    run_id, h3, minute, object_class,
    count() AS track_seconds,
    countIf(speed_mps < 0.5) AS still_seconds,
    sum(speed_mps) AS speed_sum_mps,
    sum(speed_mps * speed_mps) AS speed_sum_m2ps2,
    max(speed_mps) AS speed_max_mps,
    uniqState(track_id) AS tracks
FROM
(
    SELECT
        run_id, toStartOfMinute(tick) AS minute, object_class, track_id,
        geoToH3(lat_e7 / 1e7, lon_e7 / 1e7, 11) AS h3,
        sqrt(velocity_east_mps * velocity_east_mps + velocity_north_mps * velocity_north_mps) AS speed_mps
    FROM {database}.fused_object_second
    WHERE frame = 'wgs84'
)
GROUP BY run_id, h3, minute, object_class
SETTINGS geotoh3_argument_order = 'lat_lon';
