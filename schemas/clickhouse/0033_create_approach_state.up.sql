-- Traffic on the approaches of an intersection: a row for each signal group and second.
CREATE TABLE IF NOT EXISTS {database}.approach_second
(
    run_id         LowCardinality(String),
    station_id     LowCardinality(String),
    intersection   LowCardinality(String),
    start          DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of the second, in tick time',
    signal_group   UInt16                 CODEC(ZSTD(1)),
    phase          UInt8                  CODEC(ZSTD(1)) COMMENT 'at the end, as in signal_state; 0 if unknown',
    seen           Float32                CODEC(ZSTD(1)) COMMENT 'share of its lanes and the second that a live source looked at',
    vehicles       UInt16                 CODEC(ZSTD(1)) COMMENT 'at the end; a lane that several groups let go counts for each',
    queued         UInt16                 CODEC(ZSTD(1)) COMMENT 'of them in a queue',
    queue_m        Float32                CODEC(ZSTD(1)) COMMENT 'from the first to the last of them, on the lane where it is longest',
    queue_end_m    Float32                CODEC(ZSTD(1)) COMMENT 'from the stop line to the last one; NaN without a queue',
    spilled        UInt8                  CODEC(ZSTD(1)) COMMENT 'the queue reaches to the start of a lane',
    arrivals       UInt16                 CODEC(ZSTD(1)) COMMENT 'would have reached the stop line at the limit',
    arrivals_green UInt16                 CODEC(ZSTD(1)) COMMENT 'of them on green',
    departures     UInt16                 CODEC(ZSTD(1)) COMMENT 'left over the stop line',
    lost           UInt16                 CODEC(ZSTD(1)) COMMENT 'gone elsewhere',
    stops          UInt16                 CODEC(ZSTD(1)) COMMENT 'joined the queue',
    delay_s        Float32                CODEC(ZSTD(1)) COMMENT 'that vehicles lost against the limit',
    green_s        Float32                CODEC(ZSTD(1)) COMMENT 'how long it was green',
    green_used_s   Float32                CODEC(ZSTD(1)) COMMENT 'how long of that somebody was about to cross',
    greens_over    UInt8                  CODEC(ZSTD(1)) COMMENT 'greens that ended',
    split_failures UInt8                  CODEC(ZSTD(1)) COMMENT '1 if such a green left over who had waited when it began',
    left_over      UInt16                 CODEC(ZSTD(1)) COMMENT 'how many it left over',
    discharge_s    Float32                CODEC(ZSTD(1)) COMMENT 'until the longest queue has crossed the line, predicted; NaN if no green is in sight',
    loaded_at      DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(start)
ORDER BY (run_id, intersection, signal_group, start)
TTL loaded_at + INTERVAL 180 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- The same of the run that each day shows, each row once.
CREATE VIEW IF NOT EXISTS {database}.approach_state AS
SELECT * FROM {database}.approach_second
WHERE (toDate(start), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
LIMIT 1 BY run_id, intersection, signal_group, start;
