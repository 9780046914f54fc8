CREATE TABLE IF NOT EXISTS {database}.road_context
(
    run_id       LowCardinality(String),
    station_id   LowCardinality(String),
    feature_id   String                         CODEC(ZSTD(1)),
    kind         LowCardinality(String),
    source_id    LowCardinality(String),
    receive_time DateTime64(6, 'UTC')           CODEC(Delta, ZSTD(1)),
    valid_from   Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)) COMMENT 'NULL if open',
    valid_to     Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)) COMMENT 'NULL if open',
    area         String                         CODEC(ZSTD(1)) COMMENT 'GeoJSON in WGS-84',
    radius_m     Nullable(Float64)              CODEC(ZSTD(1)),
    cancelled    UInt8                          CODEC(ZSTD(1)),
    properties   Map(String, String)            CODEC(ZSTD(1)),
    topic        LowCardinality(String),
    partition    Int32                          CODEC(ZSTD(1)),
    offset       Int64                          CODEC(Delta, ZSTD(1)),
    loaded_at    DateTime('UTC')                MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(receive_time)
ORDER BY (run_id, source_id, feature_id, topic, partition, offset)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
