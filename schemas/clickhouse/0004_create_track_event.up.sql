CREATE TABLE IF NOT EXISTS {database}.track_event
(
    run_id         LowCardinality(String),
    station_id     LowCardinality(String),
    cell           UInt64                 CODEC(ZSTD(1)),
    cell_key       LowCardinality(String),
    tick           DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)),
    kind           LowCardinality(String),
    track_id       UInt64                 CODEC(ZSTD(1)),
    other_track_id Nullable(UInt64)       CODEC(ZSTD(1)),
    evidence       String                 CODEC(ZSTD(1)),
    loaded_at      DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(tick)
ORDER BY (run_id, track_id, tick, kind, ifNull(other_track_id, 0))
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
