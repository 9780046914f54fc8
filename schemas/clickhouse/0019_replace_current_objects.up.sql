DROP VIEW IF EXISTS {database}.current_objects SYNC;

-- The run that is shown now and its newest tick: one row, none in an empty warehouse.
CREATE VIEW IF NOT EXISTS {database}.current_run AS
SELECT argMax(run_id, newest) AS run, max(newest) AS tick
FROM
(
    SELECT day, run_id, max(last_tick) AS newest FROM {database}.run_day GROUP BY day, run_id
)
WHERE (day, run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
HAVING tick > toDateTime64(0, 6);

-- The newest picture of each cell that published in the last minute.
CREATE VIEW IF NOT EXISTS {database}.current_pictures AS
SELECT cell_key, any(cell) AS cell, max(tick) AS newest, any(run_id) AS run
FROM {database}.picture
WHERE run_id = (SELECT run FROM {database}.current_run)
    AND tick > (SELECT tick FROM {database}.current_run) - INTERVAL 1 MINUTE
GROUP BY cell_key;

-- What is on the road now, under one id for each object, with degrees for maps of mainland China.
CREATE VIEW IF NOT EXISTS {database}.current_objects AS
SELECT
    cell_key, tick,
    if(names.name = 0, states.track_id, names.name) AS track_id,
    class_name, class_probability, existence,
    if(frame = 'local', NULL, lat_e7 / 1e7) AS lat_deg,
    if(frame = 'local', NULL, lon_e7 / 1e7) AS lon_deg,
    if(frame = 'local', x_m, NULL) AS x_m,
    if(frame = 'local', y_m, NULL) AS y_m,
    hypot(velocity_east_mps, velocity_north_mps) AS speed_mps,
    heading_rad, length_m, width_m, height_m,
    sqrt((cov_ee_m2 + cov_nn_m2) / 2) AS sigma_m,
    age_us, sources, context_flags,
    if(frame = 'local', (NULL, NULL), gcj02OfWgs84(lon_e7 / 1e7, lat_e7 / 1e7)) AS gcj02,
    if(frame = 'local', (NULL, NULL), bd09OfGcj02(gcj02OfWgs84(lon_e7 / 1e7, lat_e7 / 1e7).1, gcj02OfWgs84(lon_e7 / 1e7, lat_e7 / 1e7).2)) AS bd09,
    states.run_id AS run_id, station_id
FROM {database}.fused_object_state AS states
LEFT JOIN {database}.track_name AS names ON names.run_id = states.run_id AND names.track_id = states.track_id
WHERE (states.run_id, cell_key, tick) IN (SELECT run, cell_key, newest FROM {database}.current_pictures)
    AND tick > (SELECT tick FROM {database}.current_run) - INTERVAL 1 MINUTE
LIMIT 1 BY cell_key, track_id;

-- The current picture of one cell, as fast as it goes: no other cell is read.
CREATE VIEW IF NOT EXISTS {database}.picture_of_cell AS
SELECT
    tick, track_id AS shown_id, class_name, existence,
    if(frame = 'local', NULL, lat_e7 / 1e7) AS lat_deg,
    if(frame = 'local', NULL, lon_e7 / 1e7) AS lon_deg,
    if(frame = 'local', x_m, NULL) AS x_m,
    if(frame = 'local', y_m, NULL) AS y_m,
    hypot(velocity_east_mps, velocity_north_mps) AS speed_mps,
    heading_rad, length_m, width_m,
    sqrt((cov_ee_m2 + cov_nn_m2) / 2) AS sigma_m,
    age_us, sources, context_flags, run_id
FROM {database}.fused_object_state
WHERE cell_key = {cell:String}
    AND (run_id, tick) =
    (
        SELECT (any(run_id), max(tick)) FROM {database}.picture
        WHERE run_id = (SELECT run FROM {database}.current_run)
            AND cell_key = {cell:String}
            AND tick > (SELECT tick FROM {database}.current_run) - INTERVAL 1 MINUTE
    )
LIMIT 1 BY track_id;

-- Who is within a radius of a place now; cells whose middle is too far away are not read.
CREATE VIEW IF NOT EXISTS {database}.objects_around AS
SELECT geoDistance(lon_deg, lat_deg, {lon:Float64}, {lat:Float64}) AS distance_m, *
FROM {database}.current_objects
WHERE lat_deg IS NOT NULL
    AND distance_m <= {radius_m:Float64}
    AND cell_key IN
    (
        SELECT cell_key FROM {database}.current_pictures
        WHERE cell != 0
            AND greatCircleDistance(h3ToGeo(cell).2, h3ToGeo(cell).1, {lon:Float64}, {lat:Float64})
                <= {radius_m:Float64} + 2 * h3EdgeLengthM(h3GetResolution(cell))
    )
ORDER BY distance_m
SETTINGS h3togeo_lon_lat_result_order = 0;
