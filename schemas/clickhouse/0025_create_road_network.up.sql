-- A row for each version of a piece of the network, and one for each of its lanes.
CREATE TABLE IF NOT EXISTS {database}.road_part
(
    run_id        LowCardinality(String),
    station_id    LowCardinality(String),
    source_id     LowCardinality(String),
    part          String                         CODEC(ZSTD(1)),
    receive_time  DateTime64(6, 'UTC')           CODEC(Delta, ZSTD(1)) COMMENT 'the version is known from here on',
    revision      Int32                          CODEC(ZSTD(1)),
    segments      UInt32                         CODEC(ZSTD(1)) COMMENT '0 takes the piece away',
    refused       UInt32                         CODEC(ZSTD(1)) COMMENT 'lanes of the message that could not be used',
    topic         LowCardinality(String),
    partition     Int32                          CODEC(ZSTD(1)),
    offset        Int64                          CODEC(Delta, ZSTD(1)),
    loaded_at     DateTime('UTC')                MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, part, receive_time, topic, partition, offset)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS {database}.road_lane
(
    run_id        LowCardinality(String),
    station_id    LowCardinality(String),
    part          String                         CODEC(ZSTD(1)),
    receive_time  DateTime64(6, 'UTC')           CODEC(Delta, ZSTD(1)),
    segment_id    UInt64                         CODEC(ZSTD(1)),
    segment       String                         CODEC(ZSTD(1)),
    lane_id       UInt64                         CODEC(ZSTD(1)),
    lane          String                         CODEC(ZSTD(1)),
    kind          LowCardinality(String),
    width_m       Float64                        CODEC(ZSTD(1)),
    length_m      Float64                        CODEC(ZSTD(1)),
    both_ways     UInt8                          CODEC(ZSTD(1)),
    limit_mps     Nullable(Float64)              CODEC(ZSTD(1)) COMMENT 'NULL if unknown',
    stop_line     UInt8                          CODEC(ZSTD(1)) COMMENT 'it ends at one',
    line          String                         CODEC(ZSTD(1)) COMMENT 'GeoJSON in WGS-84, in the direction of travel',
    next_lanes    Array(String)                  CODEC(ZSTD(1)),
    signals       Array(String)                  CODEC(ZSTD(1)) COMMENT 'intersection#group',
    loaded_at     DateTime('UTC')                MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, part, receive_time, lane_id)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- The lanes that hold now: those of the newest version of each piece of each run.
CREATE VIEW IF NOT EXISTS {database}.current_lanes AS
SELECT lanes.*
FROM {database}.road_lane AS lanes
INNER JOIN
(
    SELECT run_id, part, max(receive_time) AS receive_time
    FROM {database}.road_part GROUP BY run_id, part
) AS newest USING (run_id, part, receive_time)
LIMIT 1 BY run_id, part, lane_id;
