DROP VIEW IF EXISTS {database}.aliases_of_track SYNC;

-- As 0036 has it, without a join at each step: most tracks have no alias, and are soon found to have none.
CREATE VIEW IF NOT EXISTS {database}.aliases_of_track AS
WITH RECURSIVE walk AS
(
    SELECT DISTINCT run_id, kin AS id, track_id AS before
    FROM {database}.track_kin
    WHERE track_id = {track:UInt64}
    UNION ALL
    SELECT DISTINCT run_id, kin, track_id
    FROM {database}.track_kin
    WHERE track_id IN (SELECT id FROM walk)
        AND (run_id, track_id) IN (SELECT run_id, id FROM walk)
        AND (run_id, track_id, kin) NOT IN (SELECT run_id, id, before FROM walk)
)
SELECT run_id, id AS track_id FROM walk;
