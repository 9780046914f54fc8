DROP VIEW IF EXISTS {database}.picture_of_cell SYNC;

DROP VIEW IF EXISTS {database}.current_run SYNC;

DROP VIEW IF EXISTS {database}.chosen_run SYNC;

CREATE VIEW IF NOT EXISTS {database}.chosen_run AS
WITH
    (
        SELECT arrayReverseSort(choice -> choice.1, groupArray((number, first_day, last_day, run_id)))
        FROM {database}.run_choice
    ) AS choices
SELECT
    day,
    if(chosen = '', first_of_day, chosen) AS run_id
FROM
(
    SELECT
        day,
        groupUniqArray(toString(run_id)) AS runs,
        argMin(toString(run_id), (first_loaded, run_id)) AS first_of_day,
        tupleElement(
            arrayFirst(choice -> day BETWEEN choice.2 AND choice.3 AND has(runs, toString(choice.4)), choices), 4
        ) AS chosen
    FROM {database}.run_day
    GROUP BY day
);

CREATE VIEW IF NOT EXISTS {database}.current_run AS
SELECT argMax(run_id, newest) AS run, max(newest) AS tick
FROM
(
    SELECT day, run_id, max(last_tick) AS newest FROM {database}.run_day GROUP BY day, run_id
)
WHERE (day, run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
HAVING tick > toDateTime64(0, 6);

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
