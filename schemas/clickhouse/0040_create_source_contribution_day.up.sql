-- Made anew from what stands there, so that it counts once however often this is run.
DROP VIEW IF EXISTS {database}.day_of_contribution SYNC;

DROP TABLE IF EXISTS {database}.source_contribution_day SYNC;

-- What a source added in a day, over all cells: a month of a city is thousands of rows and not millions. Sums count a
-- block once because its token is remembered here too.
CREATE TABLE IF NOT EXISTS {database}.source_contribution_day
(
    run_id      LowCardinality(String),
    day         Date                                  COMMENT 'of tick time',
    source_id   LowCardinality(String)                COMMENT 'The source; empty: nobody, for tracks that were only predicted',
    owner       LowCardinality(String)                COMMENT 'Who supplies the data; empty if not declared',
    seen_s      SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)) COMMENT 'Track-seconds of tracks that it had seen in the second before',
    share_s     SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)) COMMENT 'Its information share of the track-seconds; those of all sources sum to the day''s',
    exclusive_s SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)) COMMENT 'Its share of the track-seconds that nobody but its owner saw',
    used        SimpleAggregateFunction(sum, Int64)   CODEC(ZSTD(1)) COMMENT 'Observations that updated a track',
    births      SimpleAggregateFunction(sum, Int64)   CODEC(ZSTD(1)) COMMENT 'Observations that started a track',
    loaded_at   SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (run_id, day, source_id, owner)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

INSERT INTO {database}.source_contribution_day (run_id, day, source_id, owner, seen_s, share_s, exclusive_s, used, births)
SELECT run_id, toDate(minute) AS day, source_id, owner, sum(seen_s), sum(share_s), sum(exclusive_s), sum(used), sum(births)
FROM (SELECT * FROM {database}.source_contribution LIMIT 1 BY run_id, source_id, minute, cell_key)
GROUP BY run_id, day, source_id, owner;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.day_of_contribution TO {database}.source_contribution_day AS
SELECT
    run_id, toDate(minute) AS day, source_id, owner,
    sum(seen_s) AS seen_s, sum(share_s) AS share_s, sum(exclusive_s) AS exclusive_s,
    sum(used) AS used, sum(births) AS births
FROM {database}.source_contribution
GROUP BY run_id, day, source_id, owner;

-- What each source added from `first` to before `last`, whole days; the most useful stands first.
CREATE VIEW IF NOT EXISTS {database}.contribution_of AS
SELECT
    source_id, owner,
    sum(seen_s) AS seen, sum(share_s) AS share, sum(exclusive_s) AS exclusive,
    share / sum(share) OVER () AS of_all, sum(used) + sum(births) AS links
FROM {database}.source_contribution_day
WHERE day >= {first:Date} AND day < {last:Date}
    AND (day, run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
GROUP BY source_id, owner
ORDER BY share DESC, source_id;
