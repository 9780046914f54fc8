DROP VIEW IF EXISTS {database}.picture_of_cell SYNC;

DROP VIEW IF EXISTS {database}.current_run SYNC;

DROP VIEW IF EXISTS {database}.chosen_run SYNC;

DROP VIEW IF EXISTS {database}.run_day_of_choice SYNC;

DROP VIEW IF EXISTS {database}.run_day_of_picture SYNC;

ALTER TABLE {database}.run_day DROP COLUMN IF EXISTS number;

-- As 0009, 0038 and 0041 have them.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.run_day_of_picture TO {database}.run_day AS
SELECT toDate(tick) AS day, run_id, min(tick) AS first_tick, max(tick) AS last_tick, now() AS first_loaded
FROM {database}.picture
GROUP BY day, run_id;

CREATE VIEW IF NOT EXISTS {database}.chosen_run AS
WITH
    (
        SELECT arrayReverseSort(choice -> choice.1, groupArray((number, first_day, last_day, run_id)))
        FROM {database}.run_choice
    ) AS choices
SELECT
    day,
    if(chosen = '', first_of_day, chosen) AS run_id,
    arrayMax(run -> if(run.1 = run_id, run.2, toDateTime64(0, 6, 'UTC')), runs) AS last_tick
FROM
(
    SELECT
        day,
        groupArray((toString(run_id), last_tick)) AS runs,
        argMin(toString(run_id), (first_loaded, run_id)) AS first_of_day,
        tupleElement(
            arrayFirst(choice -> day BETWEEN choice.2 AND choice.3 AND has(runs.1, toString(choice.4)), choices), 4
        ) AS chosen
    FROM {database}.run_day
    GROUP BY day
);

-- The run that is shown now and its newest tick: one row, none in an empty warehouse.
CREATE VIEW IF NOT EXISTS {database}.current_run AS
SELECT argMax(run_id, last_tick) AS run, max(last_tick) AS tick
FROM {database}.chosen_run
HAVING tick > toDateTime64(0, 6);

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
FROM {database}.fused_object_now
WHERE run_id = now.1 AND cell_key = {cell:String} AND tick = newest
LIMIT 1 BY track_id;
