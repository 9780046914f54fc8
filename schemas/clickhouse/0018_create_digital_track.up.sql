-- A path is an array of (second, a, b, ...) in the order of time, as track_minute keeps it.
CREATE FUNCTION IF NOT EXISTS pathStepM AS (p, q, frame) ->
    if(frame = 'local', hypot(q.2 - p.2, q.3 - p.3) / 1000, geoDistance(p.3 / 1e7, p.2 / 1e7, q.3 / 1e7, q.2 / 1e7));

CREATE FUNCTION IF NOT EXISTS pathLengthM AS (path, frame) ->
    arraySum(arrayMap((p, q) -> pathStepM(p, q, frame), arrayPopBack(path), arrayPopFront(path)));

-- Dead reckoning: a point is kept where going straight on from the last kept one is off by more than a metre.
-- State: points kept, the point before, change of a and of b in a second (NaN before there is one).
CREATE FUNCTION IF NOT EXISTS pathIsLost AS (kept, rate_a, rate_b, p, unit_a_m, unit_b_m) ->
    hypot((kept.2 + rate_a * (p.1 - kept.1) - p.2) * unit_a_m, (kept.3 + rate_b * (p.1 - kept.1) - p.3) * unit_b_m) > 1;

CREATE FUNCTION IF NOT EXISTS pathAnchored AS (kept, from, p) ->
    (kept, (p.1, p.2, p.3), (p.2 - from.2) / (p.1 - from.1), (p.3 - from.3) / (p.1 - from.1));

CREATE FUNCTION IF NOT EXISTS pathFold AS (path, unit_a_m, unit_b_m) ->
    arrayFold(
        (acc, p) -> multiIf(
            isNaN(acc.3), pathAnchored(acc.1, acc.2, p),
            pathIsLost(acc.1[-1], acc.3, acc.4, p, unit_a_m, unit_b_m), pathAnchored(arrayPushBack(acc.1, acc.2), acc.2, p),
            (acc.1, (p.1, p.2, p.3), acc.3, acc.4)
        ),
        arrayPopFront(path),
        ([(path[1].1, path[1].2, path[1].3)], (path[1].1, path[1].2, path[1].3), toFloat64(nan), toFloat64(nan))
    );

CREATE FUNCTION IF NOT EXISTS pathSimple AS (path, frame) ->
    arrayMap(
        fold -> if(length(path) < 2, fold.1, arrayPushBack(fold.1, fold.2)),
        [pathFold(path, if(frame = 'local', 0.001, 0.0111), if(frame = 'local', 0.001, 0.0111 * cos(radians(path[1].2 / 1e7))))]
    )[1];

-- Three seconds or longer slower than 0.5 m/s: first second, last second, a, b.
CREATE FUNCTION IF NOT EXISTS pathStops AS (path) ->
    arrayFilter(stop -> stop.2 - stop.1 >= 2, arrayMap(
        part -> (part[1].1, part[-1].1, part[1].2, part[1].3),
        arrayFilter(part -> part[1].4 < 50, arraySplit(
            (p, q) -> (p.4 < 50) != (q.4 < 50), path, arrayPushFront(arrayPopBack(path), path[1])
        ))
    ));

-- The other ids of one object, whichever of them is asked for, in each run; often none.
CREATE VIEW IF NOT EXISTS {database}.aliases_of_track AS
SELECT
    run_id,
    if(found = 0, {track:UInt64}, found) AS root,
    arrayJoin(arrayPushBack(arrayMap(p -> p.1, arrayFilter(p -> p.2 = root, pairs)), root)) AS track_id
FROM
(
    SELECT run_id, maxIf(name, track_id = {track:UInt64}) AS found, groupArray((track_id, name)) AS pairs
    FROM {database}.track_name
    GROUP BY run_id
);

-- The minutes of an object under its one id, of the run that each day shows; track 0 asks for all.
CREATE VIEW IF NOT EXISTS {database}.minutes_of_track AS
SELECT
    minutes.run_id AS run_id,
    if(names.name = 0, minutes.track_id, names.name) AS track_id,
    minutes.track_id AS shown_id,
    station_id, minute, cell_key, frame, first, last, sources, path
FROM {database}.track_minute AS minutes
LEFT JOIN {database}.track_name AS names ON names.run_id = minutes.run_id AND names.track_id = minutes.track_id
WHERE (toDate(minute), minutes.run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
    AND (
        {track:UInt64} = 0
        OR minutes.track_id = {track:UInt64}
        OR (minutes.run_id, minutes.track_id) IN (SELECT run_id, track_id FROM {database}.aliases_of_track(track = {track:UInt64}))
    );

-- The life of an object: digital_track(track = 0) gives all, from a second after their first row on.
CREATE VIEW IF NOT EXISTS {database}.digital_track AS
SELECT
    run_id, track_id, station_id, frame, started, ended,
    dateDiff('millisecond', started, ended) / 1000 AS duration_s,
    pathLengthM(points, frame) AS length_m,
    ['unknown', 'car', 'van', 'truck', 'bus', 'motorcycle', 'bicycle', 'pedestrian', 'animal', 'obstacle', 'emergency', 'trailer', 'tram'][newest.object_class + 1] AS class_name,
    newest.length_m AS object_length_m,
    newest.width_m AS object_width_m,
    newest.height_m AS object_height_m,
    sources, cells, aliases,
    pathStops(points) AS stops,
    pathSimple(points, frame) AS path
FROM
(
    SELECT
        run_id, track_id,
        any(station_id) AS station_id,
        any(frame) AS frame,
        min(first.tick) AS started,
        max(last.tick) AS ended,
        max(last) AS newest,
        arraySort(groupUniqArrayArray(sources)) AS sources,
        arrayMap(c -> c.2, arraySort(groupUniqArray((first_in_cell, cell_key)))) AS cells,
        arraySort(arrayFilter(id -> id != track_id, groupUniqArray(shown_id))) AS aliases,
        arraySort(arrayDistinct(groupArrayArray(path))) AS points
    FROM
    (
        SELECT *, min(first.tick) OVER (PARTITION BY run_id, track_id, cell_key) AS first_in_cell
        FROM {database}.minutes_of_track(track = {track:UInt64})
    )
    GROUP BY run_id, track_id
);

-- Every state of an object, at each tick for as long as those are kept (digital_track has its path for longer).
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
            OR (run_id, track_id) IN (SELECT run_id, track_id FROM {database}.aliases_of_track(track = {track:UInt64}))
        )
)
ORDER BY tick
LIMIT 1 BY run_id, tick, track_id;
