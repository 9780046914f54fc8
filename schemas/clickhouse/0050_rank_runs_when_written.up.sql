DROP VIEW IF EXISTS {database}.picture_of_cell SYNC;

DROP VIEW IF EXISTS {database}.current_run SYNC;

DROP VIEW IF EXISTS {database}.chosen_run SYNC;

DROP VIEW IF EXISTS {database}.run_day_of_picture SYNC;

ALTER TABLE {database}.run_day ADD COLUMN IF NOT EXISTS number SimpleAggregateFunction(max, UInt64) COMMENT 'of the newest choice of the run that covers the day; 0 if none';

-- As 0009 has it, with the choice that covers the day. Choices are few, and each block asks them again, so a choice that
-- came in between counts from the next block on.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.run_day_of_picture TO {database}.run_day AS
SELECT
    day, told.run_id AS run_id, any(told.first_tick) AS first_tick, any(told.last_tick) AS last_tick,
    now() AS first_loaded, maxIf(choice.number, day BETWEEN choice.first_day AND choice.last_day) AS number
FROM
(
    SELECT toDate(tick) AS day, run_id, min(tick) AS first_tick, max(tick) AS last_tick
    FROM {database}.picture
    GROUP BY day, run_id
) AS told
LEFT JOIN {database}.run_choice AS choice ON choice.run_id = told.run_id
GROUP BY day, run_id;

-- A choice counts at once on the days that have pictures of its run.
CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.run_day_of_choice TO {database}.run_day AS
SELECT days.day AS day, days.run_id AS run_id, days.first_tick AS first_tick, days.last_tick AS last_tick,
    days.first_loaded AS first_loaded, choice.number AS number
FROM {database}.run_choice AS choice
INNER JOIN
(
    SELECT day, run_id, min(first_tick) AS first_tick, max(last_tick) AS last_tick, min(first_loaded) AS first_loaded
    FROM {database}.run_day
    GROUP BY day, run_id
) AS days ON days.run_id = choice.run_id
WHERE days.day BETWEEN choice.first_day AND choice.last_day;

-- The choices so far.
INSERT INTO {database}.run_day (day, run_id, first_tick, last_tick, first_loaded, number)
SELECT days.day, days.run_id, days.first_tick, days.last_tick, days.first_loaded, choice.number
FROM {database}.run_choice AS choice
INNER JOIN
(
    SELECT day, run_id, min(first_tick) AS first_tick, max(last_tick) AS last_tick, min(first_loaded) AS first_loaded
    FROM {database}.run_day
    GROUP BY day, run_id
) AS days ON days.run_id = choice.run_id
WHERE days.day BETWEEN choice.first_day AND choice.last_day;

-- As 0038 has it: of the runs that have pictures of a day the one of the newest choice, without any the one that was
-- loaded first. One table and one sum, since planning is what a question for one cell or track costs.
CREATE VIEW IF NOT EXISTS {database}.chosen_run AS
SELECT day, run_id, max(last_tick) AS last_tick
FROM {database}.run_day
GROUP BY day, run_id
ORDER BY day, max(number) DESC, min(first_loaded), run_id
LIMIT 1 BY day;

-- The run that is shown now, that of the newest day, and its newest tick: one row, none in an empty warehouse.
CREATE VIEW IF NOT EXISTS {database}.current_run AS
SELECT run_id AS run, max(last_tick) AS tick
FROM {database}.run_day
GROUP BY day, run_id
ORDER BY day DESC, max(number) DESC, min(first_loaded), run_id
LIMIT 1;

-- As 0041 has it, with `current_run` in place: a view within another costs the planner more than what it reads.
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
FROM {database}.fused_object_now
WHERE (run_id, cell_key, tick) IN
(
    WITH
        (
            SELECT (run_id, max(last_tick))
            FROM {database}.run_day
            GROUP BY day, run_id
            ORDER BY day DESC, max(number) DESC, min(first_loaded), run_id
            LIMIT 1
        ) AS now
    SELECT now.1, {cell:String}, max(tick)
    FROM {database}.picture
    WHERE run_id = now.1 AND cell_key = {cell:String} AND tick > now.2 - INTERVAL 1 MINUTE
)
LIMIT 1 BY track_id;
