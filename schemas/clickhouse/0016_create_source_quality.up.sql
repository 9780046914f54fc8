-- How well each source did in each cell and minute.
CREATE TABLE IF NOT EXISTS {database}.source_quality
(
    run_id             LowCardinality(String),
    station_id         LowCardinality(String),
    cell               UInt64                 CODEC(ZSTD(1)),
    cell_key           LowCardinality(String),
    minute             DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of tick time',
    source_id          LowCardinality(String) COMMENT 'The source; empty: nobody, for tracks that were only predicted',
    owner              LowCardinality(String) COMMENT 'Who supplies the data; empty if not declared',
    faults             Array(LowCardinality(String)) COMMENT 'Names of what is wrong, in alphabetical order',
    known_s            Float64                CODEC(ZSTD(1)) COMMENT 'How much of the minute the cell knew the source',
    frames             Int64                  CODEC(ZSTD(1)) COMMENT 'Source frames that the cell took',
    instants           Int64                  CODEC(ZSTD(1)) COMMENT 'Distinct event times of them',
    clock_corrected    Int64                  CODEC(ZSTD(1)) COMMENT 'Frames whose clock was set right by a coarse offset',
    observations       Int64                  CODEC(ZSTD(1)) COMMENT 'Observations that the cell owns',
    rate_hz            Float64                CODEC(ZSTD(1)) COMMENT 'Instants a second',
    completeness       Float64                CODEC(ZSTD(1)) COMMENT 'Share of the expected instants that came; NaN if nobody knows how many to expect',
    delay_mean_s       Float64                CODEC(ZSTD(1)) COMMENT 'Mean of receive time minus event time, before the clock''s fine correction; NaN if no frame came',
    delay_p50_s        Float64                CODEC(ZSTD(1)) COMMENT 'Median of the same',
    delay_p95_s        Float64                CODEC(ZSTD(1)) COMMENT '95th percentile of the same',
    jitter_s           Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation of the same',
    used               Int64                  CODEC(ZSTD(1)) COMMENT 'Observations that updated a track',
    births             Int64                  CODEC(ZSTD(1)) COMMENT 'Observations that started a track',
    clutter            Int64                  CODEC(ZSTD(1)) COMMENT 'Observations that nothing explains',
    quarantined        Int64                  CODEC(ZSTD(1)) COMMENT 'Observations that were not used because their source is at fault',
    overflow           Int64                  CODEC(ZSTD(1)) COMMENT 'Observations that were too many',
    ghosts             Int64                  CODEC(ZSTD(1)) COMMENT 'Used observations and births of tracks that died without being confirmed',
    looks              Int64                  CODEC(ZSTD(1)) COMMENT 'Tracks in its view that others saw, sampled once a second',
    hits               Int64                  CODEC(ZSTD(1)) COMMENT 'Those of them that it saw too',
    residuals          Int64                  CODEC(ZSTD(1)) COMMENT 'Used observations whose distance from the track is known',
    residual_mean      Float64                CODEC(ZSTD(1)) COMMENT 'Mean squared normalised distance, 2 if all is well described; NaN if unknown',
    clock_s            Float64                CODEC(ZSTD(1)) COMMENT 'How much its clock is ahead, after the coarse correction; NaN if not estimated',
    clock_sigma_s      Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation of that estimate',
    yaw_rad            Float64                CODEC(ZSTD(1)) COMMENT 'How much it is turned counter-clockwise; NaN if not estimated',
    yaw_sigma_rad      Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation of that estimate',
    stretch            Float64                CODEC(ZSTD(1)) COMMENT 'Share by which its distances are too long; NaN if not estimated',
    stretch_sigma      Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation of that estimate',
    noise_factor       Float64                CODEC(ZSTD(1)) COMMENT 'Its squared errors from frame to frame over those that it declares; NaN if unknown',
    detection          Float64                CODEC(ZSTD(1)) COMMENT 'Probability that a frame contains what it saw lately; NaN if unknown',
    bias_east_m        Float64                CODEC(ZSTD(1)) COMMENT 'How far east of the truth it puts things at its site; NaN if not estimated',
    bias_east_sigma_m  Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation of that estimate',
    bias_north_m       Float64                CODEC(ZSTD(1)) COMMENT 'The same to the north',
    bias_north_sigma_m Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation of that estimate',
    noise_m            Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation an axis of its errors from frame to frame; NaN if unknown',
    lasting_m          Float64                CODEC(ZSTD(1)) COMMENT 'Standard deviation an axis of errors that last; NaN if unknown',
    anchor             Bool COMMENT 'Others are measured against it',
    registered         Bool COMMENT 'Clock, bias, yaw and stretch come from enough pairs with others',
    steps              Int32                  CODEC(ZSTD(1)) COMMENT 'How often its clock or pose jumped',
    loaded_at          DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (run_id, source_id, minute, cell_key)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- What each source added: shares of all sources, nobody included, sum to the cell's track-seconds.
CREATE TABLE IF NOT EXISTS {database}.source_contribution
(
    run_id             LowCardinality(String),
    station_id         LowCardinality(String),
    cell               UInt64                 CODEC(ZSTD(1)),
    cell_key           LowCardinality(String),
    minute             DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of tick time',
    source_id          LowCardinality(String) COMMENT 'The source; empty: nobody, for tracks that were only predicted',
    owner              LowCardinality(String) COMMENT 'Who supplies the data; empty if not declared',
    seen_s             Float64                CODEC(ZSTD(1)) COMMENT 'Track-seconds of tracks that it had seen in the second before',
    share_s            Float64                CODEC(ZSTD(1)) COMMENT 'Its information share of the track-seconds; those of all entries sum to the cell''s',
    exclusive_s        Float64                CODEC(ZSTD(1)) COMMENT 'Its share of the track-seconds that nobody but its owner saw',
    used               Int64                  CODEC(ZSTD(1)),
    births             Int64                  CODEC(ZSTD(1)),
    links              Int64                  ALIAS used + births,
    loaded_at          DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (run_id, source_id, minute, cell_key)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;
