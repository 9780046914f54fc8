DROP VIEW IF EXISTS {database}.links_of_event SYNC;

DROP VIEW IF EXISTS {database}.event_history SYNC;

-- As 0043 has them, but that neither hangs on which row a thread reads first: the incident is the one told last, and
-- the evidence that of the run which the event's day shows (a replay gives an event the same id).
CREATE VIEW IF NOT EXISTS {database}.event_history AS
SELECT
    run_id, argMax(told.cell_key, sequence) AS cell_key, event_id, any(told.kind) AS kind, any(told.began) AS began,
    any(told.opened) AS opened,
    maxIf(toNullable(told.tick), told.change = 'closed') AS closed, argMax(told.reason, sequence) AS reason,
    dateDiff('millisecond', began, opened) / 1000 AS detected_s, max(sequence) + 1 AS changes,
    argMax(lat_e7, sequence) / 1e7 AS lat_deg, argMax(lon_e7, sequence) / 1e7 AS lon_deg,
    argMax(told.area, sequence) AS area, argMax(told.radius_m, sequence) AS radius_m,
    max(told.severity) AS severity, argMax(told.confidence, sequence) AS confidence,
    argMax(told.measures, sequence) AS measures, argMax(told.segment_id, sequence) AS segment_id,
    argMax(told.lane_id, sequence) AS lane_id, arraySort(groupUniqArrayArray(told.track_ids)) AS track_ids,
    arraySort(groupUniqArrayArray(told.features)) AS features, groupBitOr(told.context_flags) AS context_flags,
    argMax(told.weather, sequence) AS weather, argMax(told.incident, sequence) AS incident,
    any(told.station_id) AS station_id
FROM {database}.event AS told
WHERE (toDate(told.opened), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
GROUP BY run_id, event_id;

CREATE VIEW IF NOT EXISTS {database}.links_of_event AS
WITH
    (
        SELECT (any(run_id), min(began), max(tick), groupUniqArrayArray(track_ids))
        FROM {database}.event
        WHERE event_id = {event:UInt64}
            AND (toDate(opened), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
    ) AS told
SELECT * FROM {database}.fused_link
WHERE run_id = told.1 AND tick BETWEEN told.2 AND told.3 AND has(told.4, track_id)
ORDER BY tick, source_id, `index`;
