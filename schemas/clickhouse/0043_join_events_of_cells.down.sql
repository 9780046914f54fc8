DROP VIEW IF EXISTS {database}.links_of_event SYNC;

DROP VIEW IF EXISTS {database}.open_events SYNC;

DROP VIEW IF EXISTS {database}.event_history SYNC;

-- A row for each event of the run that its day shows: as it was told last, and when it was over.
CREATE VIEW IF NOT EXISTS {database}.event_history AS
SELECT
    run_id, cell_key, event_id, any(told.kind) AS kind, any(told.began) AS began, any(told.opened) AS opened,
    maxIf(toNullable(told.tick), told.change = 'closed') AS closed, argMax(told.reason, sequence) AS reason,
    dateDiff('millisecond', began, opened) / 1000 AS detected_s, max(sequence) + 1 AS changes,
    argMax(lat_e7, sequence) / 1e7 AS lat_deg, argMax(lon_e7, sequence) / 1e7 AS lon_deg,
    argMax(told.area, sequence) AS area, argMax(told.radius_m, sequence) AS radius_m,
    max(told.severity) AS severity, argMax(told.confidence, sequence) AS confidence,
    argMax(told.measures, sequence) AS measures, argMax(told.segment_id, sequence) AS segment_id,
    argMax(told.lane_id, sequence) AS lane_id, arraySort(groupUniqArrayArray(told.track_ids)) AS track_ids,
    arraySort(groupUniqArrayArray(told.features)) AS features, groupBitOr(told.context_flags) AS context_flags,
    argMax(told.weather, sequence) AS weather, anyLast(told.incident) AS incident,
    any(told.station_id) AS station_id
FROM {database}.event AS told
WHERE (toDate(told.opened), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
GROUP BY run_id, cell_key, event_id;

-- What is not over, in the run that is shown now.
CREATE VIEW IF NOT EXISTS {database}.open_events AS
SELECT * FROM {database}.event_history
WHERE closed IS NULL AND run_id = (SELECT run FROM {database}.current_run);

-- The evidence of an event: what became of the observations of its tracks while it was so.
CREATE VIEW IF NOT EXISTS {database}.links_of_event AS
WITH
    (
        SELECT (any(run_id), any(cell_key), min(began), max(tick), groupUniqArrayArray(track_ids))
        FROM {database}.event WHERE event_id = {event:UInt64}
    ) AS told
SELECT * FROM {database}.fused_link
WHERE run_id = told.1 AND cell_key = told.2 AND tick BETWEEN told.3 AND told.4 AND has(told.5, track_id)
ORDER BY tick, source_id, `index`;
