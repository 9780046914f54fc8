-- An id is an alias of at most one other; over borders chains of them come about.
CREATE TABLE IF NOT EXISTS {database}.track_alias
(
    run_id         LowCardinality(String),
    track_id       UInt64                 CODEC(ZSTD(1)),
    other_track_id UInt64                 CODEC(ZSTD(1)) COMMENT 'the id that goes on',
    tick           DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)),
    loaded_at      DateTime('UTC')        MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, track_id, tick)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.alias_of_track TO {database}.track_alias AS
SELECT run_id, track_id, assumeNotNull(other_track_id) AS other_track_id, tick
FROM {database}.track_event
WHERE kind = 'alias' AND other_track_id IS NOT NULL;

-- The id that an alias stands for in the end; ids that are no alias are not in it.
CREATE VIEW IF NOT EXISTS {database}.track_name AS
WITH RECURSIVE chain AS
(
    SELECT run_id, track_id, other_track_id AS name, 1 AS steps FROM {database}.track_alias
    UNION ALL
    SELECT chain.run_id, chain.track_id, next.other_track_id, chain.steps + 1
    FROM chain
    INNER JOIN {database}.track_alias AS next ON next.run_id = chain.run_id AND next.track_id = chain.name
    WHERE chain.steps < 64
)
SELECT run_id, track_id, argMax(name, steps) AS name FROM chain GROUP BY run_id, track_id;
