CREATE TABLE IF NOT EXISTS {database}.fused_link
(
    run_id     LowCardinality(String),
    station_id LowCardinality(String),
    cell       UInt64                 CODEC(ZSTD(1)),
    cell_key   LowCardinality(String),
    tick       DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)),
    track_id   UInt64                 CODEC(ZSTD(1)) COMMENT '0 if the observation was not used',
    use        UInt8                  CODEC(ZSTD(1)),
    use_name   String                 ALIAS ['USED', 'BIRTH', 'CLUTTER', 'QUARANTINED', 'OVERFLOW', 'OUT_OF_AREA'][use],
    source_id  LowCardinality(String),
    topic      LowCardinality(String),
    partition  Int32                  CODEC(ZSTD(1)),
    offset     Int64                  CODEC(Delta, ZSTD(1)),
    `index`    UInt32                 CODEC(Delta, ZSTD(1)) COMMENT 'position in the original message',
    event_time DateTime64(6, 'UTC')   CODEC(Delta, ZSTD(1)),
    residual   Float32                CODEC(ZSTD(1)) COMMENT 'normalised innovation squared; NaN if unused',
    weight     Float32                CODEC(ZSTD(1)),
    loaded_at  DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load',
    INDEX track track_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(tick)
ORDER BY (run_id, topic, partition, offset, `index`, cell_key)
TTL loaded_at + INTERVAL 3 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
