DROP VIEW IF EXISTS {database}.picture_of_cell SYNC;

DROP VIEW IF EXISTS {database}.current_objects SYNC;

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

CREATE VIEW IF NOT EXISTS {database}.picture_of_cell AS
WITH
    (SELECT (run, tick) FROM {database}.current_run) AS now,
    (
        SELECT max(tick) FROM {database}.picture
        WHERE run_id = now.1 AND cell_key = {cell:String} AND tick > now.2 - INTERVAL 1 MINUTE
    ) AS newest
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
WHERE run_id = now.1 AND cell_key = {cell:String} AND tick = newest
LIMIT 1 BY track_id;

DROP VIEW IF EXISTS {database}.now_of_fused_object SYNC;

DROP TABLE IF EXISTS {database}.fused_object_now SYNC;
