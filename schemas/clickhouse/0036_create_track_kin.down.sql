DROP VIEW IF EXISTS {database}.aliases_of_track SYNC;

DROP VIEW IF EXISTS {database}.kin_of_alias SYNC;

DROP TABLE IF EXISTS {database}.track_kin SYNC;

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
