CREATE TABLE IF NOT EXISTS {database}.picture
(
    run_id          LowCardinality(String),
    station_id      LowCardinality(String),
    cell            UInt64                        CODEC(ZSTD(1)),
    cell_key        LowCardinality(String),
    tick            DateTime64(6, 'UTC')          CODEC(DoubleDelta, ZSTD(1)),
    frame           LowCardinality(String),
    sequence        Int64                         CODEC(DoubleDelta, ZSTD(1)),
    count           UInt32                        CODEC(ZSTD(1)),
    live_sources    Array(LowCardinality(String)) CODEC(ZSTD(1)),
    missing_sources Array(LowCardinality(String)) CODEC(ZSTD(1)),
    loaded_at       DateTime('UTC')               MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(tick)
ORDER BY (run_id, cell_key, tick)
TTL loaded_at + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
