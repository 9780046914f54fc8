-- One row for each signal group and change of its phase, and one for each group and second.
CREATE TABLE IF NOT EXISTS {database}.signal_state
(
    run_id        LowCardinality(String),
    station_id    LowCardinality(String),
    source_id     LowCardinality(String),
    intersection  LowCardinality(String),
    signal_group  UInt16                         CODEC(ZSTD(1)),
    event_time    DateTime64(6, 'UTC')           CODEC(DoubleDelta, ZSTD(1)),
    receive_time  DateTime64(6, 'UTC')           CODEC(DoubleDelta, ZSTD(1)),
    phase         UInt8                          CODEC(ZSTD(1)),
    phase_name    String                         ALIAS ['unavailable', 'dark', 'stop_then_proceed', 'stop_and_remain', 'pre_movement', 'permissive_movement_allowed', 'protected_movement_allowed', 'permissive_clearance', 'protected_clearance', 'caution_conflicting_traffic', 'flashing_green'][phase + 1],
    start         Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)) COMMENT 'NULL if unknown, as are the others',
    min_end       Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    max_end       Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    likely_end    Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    next          Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)) COMMENT 'when the phase comes next',
    confidence    Nullable(Float64)              CODEC(ZSTD(1)) COMMENT 'of likely_end, 0 to 1',
    revision      Nullable(Int32)                CODEC(ZSTD(1)) COMMENT 'of the map',
    status        UInt16                         CODEC(ZSTD(1)) COMMENT 'bits of IntersectionStatusObject',
    topic         LowCardinality(String),
    partition     Int32                          CODEC(ZSTD(1)),
    offset        Int64                          CODEC(Delta, ZSTD(1)),
    loaded_at     DateTime('UTC')                MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(event_time)
ORDER BY (run_id, intersection, signal_group, event_time, source_id, topic, partition, offset)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
