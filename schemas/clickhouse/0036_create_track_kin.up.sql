-- Who is next to an id in a chain of aliases, up or down: an object's other ids are found by steps from key to key,
-- whatever the number of aliases. No alias, no row.
CREATE TABLE IF NOT EXISTS {database}.track_kin
(
    run_id    LowCardinality(String),
    track_id  UInt64          CODEC(ZSTD(1)),
    kin       UInt64          CODEC(ZSTD(1)) COMMENT 'what track_id is an alias of, or what is an alias of it',
    loaded_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
ORDER BY (track_id, kin, run_id)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.kin_of_alias TO {database}.track_kin AS
SELECT run_id, pair.1 AS track_id, pair.2 AS kin
FROM
(
    SELECT run_id, arrayJoin([(track_id, other_track_id), (other_track_id, track_id)]) AS pair
    FROM {database}.track_alias
);

INSERT INTO {database}.track_kin (run_id, track_id, kin)
SELECT run_id, pair.1, pair.2
FROM
(
    SELECT run_id, arrayJoin([(track_id, other_track_id), (other_track_id, track_id)]) AS pair
    FROM {database}.track_alias
);

DROP VIEW IF EXISTS {database}.aliases_of_track SYNC;

-- The other ids of one object, whichever of them is asked for, in each run; often none. Aliases make a tree, so a
-- walk that does not turn back comes to each id once.
CREATE VIEW IF NOT EXISTS {database}.aliases_of_track AS
WITH RECURSIVE walk AS
(
    SELECT DISTINCT run_id, kin AS id, track_id AS before, 1 AS steps
    FROM {database}.track_kin
    WHERE track_id = {track:UInt64}
    UNION ALL
    SELECT DISTINCT next.run_id, next.kin, next.track_id, walk.steps + 1
    FROM {database}.track_kin AS next
    INNER JOIN walk ON walk.run_id = next.run_id AND walk.id = next.track_id
    WHERE next.track_id IN (SELECT id FROM walk) AND next.kin != walk.before AND walk.steps < 128
)
SELECT run_id, id AS track_id FROM walk;
