DROP VIEW IF EXISTS {database}.objects_around SYNC;

DROP VIEW IF EXISTS {database}.picture_of_cell SYNC;

DROP VIEW IF EXISTS {database}.current_objects SYNC;

DROP VIEW IF EXISTS {database}.current_pictures SYNC;

DROP VIEW IF EXISTS {database}.current_run SYNC;

CREATE VIEW IF NOT EXISTS {database}.current_objects AS
WITH
    (SELECT max(tick) FROM {database}.picture) AS newest,
    (
        SELECT argMax(run_id, tick) FROM {database}.picture
        WHERE tick > newest - INTERVAL 1 MINUTE
    ) AS run
SELECT
    cell_key, tick, track_id, class_name, class_probability, existence,
    if(frame = 'local', NULL, lat_e7 / 1e7) AS lat_deg,
    if(frame = 'local', NULL, lon_e7 / 1e7) AS lon_deg,
    if(frame = 'local', x_m, NULL) AS x_m,
    if(frame = 'local', y_m, NULL) AS y_m,
    sqrt(velocity_east_mps * velocity_east_mps + velocity_north_mps * velocity_north_mps) AS speed_mps,
    heading_rad, length_m, width_m, height_m,
    sqrt((cov_ee_m2 + cov_nn_m2) / 2) AS sigma_m,
    age_us, sources, context_flags, run_id, station_id
FROM {database}.fused_object_state
WHERE tick > newest - INTERVAL 1 MINUTE
    AND run_id = run
    AND (cell_key, tick) IN
    (
        SELECT cell_key, max(tick) FROM {database}.picture
        WHERE tick > newest - INTERVAL 1 MINUTE AND run_id = run
        GROUP BY cell_key
    )
LIMIT 1 BY cell_key, track_id;
