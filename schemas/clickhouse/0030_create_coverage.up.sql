-- Which areas (H3 cells of resolution 11, 25 m) were looked at in a minute, by whom, and what was there. An area without
-- a row was looked at by nobody. What a cell shows beyond its border counts in rows of its own.
CREATE TABLE IF NOT EXISTS {database}.coverage
(
    run_id      LowCardinality(String),
    station_id  LowCardinality(String),
    cell        UInt64                        CODEC(ZSTD(1)),
    cell_key    LowCardinality(String),
    minute      DateTime64(6, 'UTC')          CODEC(DoubleDelta, ZSTD(1)) COMMENT 'of tick time',
    h3          UInt64                        CODEC(Delta, ZSTD(1)) COMMENT 'resolution 11',
    sources     Array(LowCardinality(String)) CODEC(ZSTD(1)) COMMENT 'Who looked in the minute; a probe looks nowhere, it tells of itself',
    watched_s   UInt8                         CODEC(ZSTD(1)) COMMENT 'Seconds in which somebody looked',
    looked_s    UInt16                        CODEC(ZSTD(1)) COMMENT 'Seconds summed over the sources; a sixtieth of it is the redundancy',
    track_s     UInt32                        CODEC(ZSTD(1)) COMMENT 'Track-seconds, sampled once a second',
    exclusive_s UInt32                        CODEC(ZSTD(1)) COMMENT 'Those of tracks that only the sources of one owner saw',
    births      UInt16                        CODEC(ZSTD(1)) COMMENT 'Tracks that had their first row here, away from borders of cells',
    deaths      UInt16                        CODEC(ZSTD(1)) COMMENT 'Tracks that were last here, away from borders of cells',
    loaded_at   DateTime('UTC')               MATERIALIZED now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (run_id, toStartOfHour(minute), h3, minute, cell_key)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

-- Every area of a polygon in every minute from `first` to before `last`, looked at or not.
-- polygon: [(lon, lat), ...] in degrees, not closed; an area counts if its middle lies inside.
CREATE VIEW IF NOT EXISTS {database}.coverage_on AS
WITH
    told AS
    (
        SELECT
            h3, toDateTime(minute, 'UTC') AS at,
            arraySort(groupUniqArrayArray(sources)) AS who,
            max(watched_s) AS watched, max(looked_s) AS looked,
            sum(track_s) AS tracks, sum(exclusive_s) AS alone, sum(births) AS born, sum(deaths) AS died
        FROM
        (
            SELECT * FROM {database}.coverage
            WHERE h3 IN (SELECT arrayJoin(h3PolygonToCells([{polygon:Array(Tuple(Float64, Float64))}], 11)))
                AND minute >= {first:DateTime('UTC')} AND minute < {last:DateTime('UTC')}
                AND (toDate(minute), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
            LIMIT 1 BY run_id, cell_key, h3, minute
        )
        GROUP BY h3, at
    ),
    asked AS
    (
        SELECT
            arrayJoin(h3PolygonToCells([{polygon:Array(Tuple(Float64, Float64))}], 11)) AS area,
            toStartOfMinute({first:DateTime('UTC')}) + INTERVAL arrayJoin(range(toUInt32(
                dateDiff('minute', toStartOfMinute({first:DateTime('UTC')}), {last:DateTime('UTC')} - INTERVAL 1 SECOND) + 1
            ))) MINUTE AS at
    )
SELECT
    asked.area AS h3, asked.at AS minute,
    multiIf(tracks > 0, 'something there', watched > 0, 'nothing there', 'nobody looked') AS answer,
    who AS sources, watched AS watched_s, looked / 60 AS redundancy,
    tracks AS track_s, alone AS exclusive_s, born AS births, died AS deaths
FROM asked
LEFT JOIN told ON told.h3 = asked.area AND told.at = asked.at
ORDER BY minute, h3;
