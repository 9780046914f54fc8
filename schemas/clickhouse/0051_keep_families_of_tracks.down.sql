DROP VIEW IF EXISTS {database}.path_of_track SYNC;

DROP VIEW IF EXISTS {database}.aliases_of_track SYNC;

DROP TABLE IF EXISTS {database}.track_family SYNC;

-- As 0036 has it.
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

-- As 0049 has them.
CREATE VIEW IF NOT EXISTS {database}.aliases_of_track AS
WITH RECURSIVE walk AS
(
    SELECT DISTINCT run_id, kin AS id, track_id AS before
    FROM {database}.track_kin
    WHERE track_id = {track:UInt64}
    UNION ALL
    SELECT DISTINCT run_id, kin, track_id
    FROM {database}.track_kin
    WHERE (run_id, track_id) IN (SELECT run_id, id FROM walk)
        AND (run_id, track_id, kin) NOT IN (SELECT run_id, id, before FROM walk)
)
SELECT run_id, id AS track_id FROM walk;

CREATE VIEW IF NOT EXISTS {database}.path_of_track AS
WITH RECURSIVE walk AS
(
    SELECT DISTINCT run_id, kin AS id, track_id AS before
    FROM {database}.track_kin
    WHERE track_id = {track:UInt64}
    UNION ALL
    SELECT DISTINCT run_id, kin, track_id
    FROM {database}.track_kin
    WHERE (run_id, track_id) IN (SELECT run_id, id FROM walk)
        AND (run_id, track_id, kin) NOT IN (SELECT run_id, id, before FROM walk)
)
SELECT
    run_id, track_id AS shown_id, tick, cell_key,
    if(frame = 'local', NULL, lat_e7 / 1e7) AS lat_deg,
    if(frame = 'local', NULL, lon_e7 / 1e7) AS lon_deg,
    if(frame = 'local', x_m, NULL) AS x_m,
    if(frame = 'local', y_m, NULL) AS y_m,
    hypot(velocity_east_mps, velocity_north_mps) AS speed_mps,
    heading_rad, class_name, existence,
    sqrt((cov_ee_m2 + cov_nn_m2) / 2) AS sigma_m,
    age_us, sources, context_flags
FROM {database}.fused_object_state
WHERE (run_id, cell_key, toStartOfMinute(tick), track_id) IN
(
    SELECT run_id, cell_key, minute, track_id
    FROM {database}.track_minute
    WHERE (toDate(minute), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
        AND (
            track_id = {track:UInt64}
            OR (run_id, track_id) IN (SELECT run_id, id FROM walk)
        )
)
ORDER BY tick
LIMIT 1 BY run_id, tick, track_id;
