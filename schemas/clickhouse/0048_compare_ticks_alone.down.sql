DROP VIEW IF EXISTS {database}.minute_of_track SYNC;

-- As 0012 has it.
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
