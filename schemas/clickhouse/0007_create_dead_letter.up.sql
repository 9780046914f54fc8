-- Raw bytes may hold personal data: a database of its own, for a role of its own.
CREATE DATABASE IF NOT EXISTS {database}_raw;

CREATE TABLE IF NOT EXISTS {database}_raw.dead_letter
(
    run_id       LowCardinality(String),
    station_id   LowCardinality(String),
    reason       LowCardinality(String),
    sentence     String                 CODEC(ZSTD(1)),
    detail       String                 CODEC(ZSTD(1)),
    stage        LowCardinality(String),
    topic        LowCardinality(String),
    partition    Int32                  CODEC(ZSTD(1)),
    offset       Int64                  CODEC(Delta, ZSTD(1)),
    source_id    LowCardinality(String),
    format       LowCardinality(String),
    receive_time DateTime64(6, 'UTC')   CODEC(Delta, ZSTD(1)),
    raw          String                 CODEC(ZSTD(3)) COMMENT '64 KiB of the record at most',
    raw_size     Int64                  CODEC(ZSTD(1)),
    loaded_at    DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(receive_time)
ORDER BY (run_id, topic, partition, offset)
TTL loaded_at + INTERVAL 14 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
