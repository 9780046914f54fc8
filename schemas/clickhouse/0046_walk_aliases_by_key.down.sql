DROP VIEW IF EXISTS {database}.aliases_of_track SYNC;

CREATE VIEW IF NOT EXISTS {database}.aliases_of_track AS
WITH RECURSIVE walk AS
(
    SELECT DISTINCT run_id, kin AS id, track_id AS before, 1 AS steps
    FROM {database}.track_kin
    WHERE track_id = {track:UInt64}
    UNION ALL
    SELECT DISTINCT next.run_id, next.kin, next.track_id, walk.steps + 1
    FROM {database}.track_kin AS next
    INNER JOIN walk ON walk.run_id = next.run_id AND walk.id = next.track_id
    WHERE next.track_id IN (SELECT id FROM walk) AND next.kin != walk.before AND walk.steps < 128
)
SELECT run_id, id AS track_id FROM walk;
