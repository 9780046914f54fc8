-- The ids of one object, each beside each other one, as the writer of track.events joins them (`jobs/io/families.py`): who
-- asks for one finds the rest by one key, where a walk from alias to alias cost half of a question. No alias, no row.
CREATE TABLE IF NOT EXISTS {database}.track_family
(
    run_id    LowCardinality(String),
    track_id  UInt64          CODEC(ZSTD(1)),
    other     UInt64          CODEC(ZSTD(1)) COMMENT 'another id of the same object',
    loaded_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
ORDER BY (track_id, other, run_id)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

INSERT INTO {database}.track_family (run_id, track_id, other)
WITH ids AS
(
    SELECT run_id, track_id, name FROM {database}.track_name
    UNION DISTINCT
    SELECT run_id, name, name FROM {database}.track_name
)
SELECT one.run_id, one.track_id, other.track_id
FROM ids AS one
INNER JOIN ids AS other ON other.run_id = one.run_id AND other.name = one.name
WHERE one.track_id != other.track_id;

DROP VIEW IF EXISTS {database}.path_of_track SYNC;

DROP VIEW IF EXISTS {database}.aliases_of_track SYNC;

DROP VIEW IF EXISTS {database}.kin_of_alias SYNC;

DROP TABLE IF EXISTS {database}.track_kin SYNC;

-- The other ids of one object, whichever of them is asked for, in each run; often none.
CREATE VIEW IF NOT EXISTS {database}.aliases_of_track AS
SELECT DISTINCT run_id, other AS track_id
FROM {database}.track_family
WHERE track_family.track_id = {track:UInt64};

-- As 0018 has it.
CREATE VIEW IF NOT EXISTS {database}.path_of_track AS
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
            OR (run_id, track_id) IN (SELECT run_id, other FROM {database}.track_family WHERE track_id = {track:UInt64})
        )
)
ORDER BY tick
LIMIT 1 BY run_id, tick, track_id;
