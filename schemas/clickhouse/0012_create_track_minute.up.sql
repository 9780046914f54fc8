-- What one cell showed of a track in one minute; the views make whole tracks of it. Every aggregate takes the
-- same row twice without a change, so that a block which is sent again can not be counted again.
-- A place is 1e-7 degrees of latitude and longitude, or millimetres of x and y if frame is local.
CREATE TABLE IF NOT EXISTS {database}.track_minute
(
    run_id     LowCardinality(String),
    station_id SimpleAggregateFunction(any, String)                   CODEC(ZSTD(1)),
    track_id   UInt64                                                 CODEC(ZSTD(1)),
    minute     DateTime('UTC')                                        CODEC(Delta, ZSTD(1)),
    cell       SimpleAggregateFunction(any, UInt64)                   CODEC(ZSTD(1)),
    cell_key   LowCardinality(String),
    frame      SimpleAggregateFunction(any, String)                   CODEC(ZSTD(1)),
    first      SimpleAggregateFunction(min, Tuple(tick DateTime64(6, 'UTC'), a Int32, b Int32)) CODEC(ZSTD(1)),
    last       SimpleAggregateFunction(max, Tuple(tick DateTime64(6, 'UTC'), a Int32, b Int32, object_class UInt8, length_m Float32, width_m Float32, height_m Float32)) CODEC(ZSTD(1)),
    sources    SimpleAggregateFunction(groupUniqArrayArray, Array(String)) CODEC(ZSTD(1)),
    path       SimpleAggregateFunction(groupUniqArrayArray, Array(Tuple(second UInt32, a Int32, b Int32, speed_cmps UInt16))) CODEC(ZSTD(1)) COMMENT 'at whole seconds, in no order',
    loaded_at  SimpleAggregateFunction(max, DateTime('UTC'))          DEFAULT now() CODEC(Delta, ZSTD(1)) COMMENT 'For retention: a replayed year is as old as its load'
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(minute)
ORDER BY (run_id, track_id, minute, cell_key)
TTL loaded_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.minute_of_track TO {database}.track_minute AS
SELECT
    run_id, any(toString(station_id)) AS station_id, track_id, toStartOfMinute(tick) AS minute, any(cell) AS cell, cell_key,
    any(toString(frame)) AS frame,
    min((tick, a, b)) AS first,
    max((tick, a, b, object_class, length_m, width_m, height_m)) AS last,
    groupUniqArrayArray(sources) AS sources,
    groupUniqArrayIf((second, a, b, speed_cmps), tick = toDateTime(second)) AS path
FROM
(
    SELECT
        run_id, station_id, track_id, tick, cell, cell_key, frame, object_class, length_m, width_m, height_m,
        CAST(sources, 'Array(String)') AS sources,
        if(frame = 'local', toInt32(round(x_m * 1000)), lat_e7) AS a,
        if(frame = 'local', toInt32(round(y_m * 1000)), lon_e7) AS b,
        toUInt32(toUnixTimestamp(tick)) AS second,
        toUInt16(least(65535, round(100 * sqrt(velocity_east_mps * velocity_east_mps + velocity_north_mps * velocity_north_mps)))) AS speed_cmps
    FROM {database}.fused_object_state
)
GROUP BY run_id, track_id, minute, cell_key;
