-- One row for each span of offsets: that the spans touch proves that no record is missing.
CREATE TABLE IF NOT EXISTS {database}.record_span
(
    run_id       LowCardinality(String),
    station_id   LowCardinality(String),
    topic        LowCardinality(String),
    partition    Int32                  CODEC(ZSTD(1)),
    second       DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of receive time',
    first_offset Int64                  CODEC(Delta, ZSTD(1)),
    last_offset  Int64                  CODEC(Delta, ZSTD(1)),
    pulses       Int64                  CODEC(ZSTD(1)),
    loaded_at    DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(second)
ORDER BY (run_id, topic, partition, first_offset)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- What the records of a span became.
CREATE TABLE IF NOT EXISTS {database}.record_ledger
(
    run_id       LowCardinality(String),
    station_id   LowCardinality(String),
    topic        LowCardinality(String),
    partition    Int32                  CODEC(ZSTD(1)),
    second       DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of receive time',
    first_offset Int64                  CODEC(Delta, ZSTD(1)) COMMENT 'of the span that the counts belong to',
    source_id    LowCardinality(String),
    disposition  LowCardinality(String),
    reason       LowCardinality(String) COMMENT 'empty if none',
    records      Int64                  CODEC(ZSTD(1)),
    observations Int64                  CODEC(ZSTD(1)),
    refused      Int64                  CODEC(ZSTD(1)),
    loaded_at    DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(second)
ORDER BY (run_id, topic, partition, first_offset, source_id, disposition, reason)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS {database}.observation_ledger
(
    run_id       LowCardinality(String),
    station_id   LowCardinality(String),
    cell         UInt64                 CODEC(ZSTD(1)),
    cell_key     LowCardinality(String),
    second       DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of tick time',
    source_id    LowCardinality(String),
    use          LowCardinality(String),
    observations Int64                  CODEC(ZSTD(1)),
    loaded_at    DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(second)
ORDER BY (run_id, cell_key, second, source_id, use)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
