-- What became of the records of each source, and of the observations in them, from `first` to before `last`:
-- records by receive time, observations by tick. The most useful source stands first.
CREATE VIEW IF NOT EXISTS {database}.source_league AS
WITH
    records AS
    (
        SELECT source_id, disposition, records
        FROM {database}.record_ledger
        WHERE second >= {first:DateTime('UTC')} AND second < {last:DateTime('UTC')}
            AND (toDate(second), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
        LIMIT 1 BY run_id, topic, partition, first_offset, source_id, disposition, reason
    ),
    uses AS
    (
        SELECT source_id, use, observations
        FROM {database}.observation_ledger
        WHERE second >= {first:DateTime('UTC')} AND second < {last:DateTime('UTC')}
            AND (toDate(second), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
        LIMIT 1 BY run_id, cell_key, second, source_id, use
    )
SELECT
    source_id,
    sum(r) AS all_records,
    sum(accepted) AS accepted_records,
    sum(late) AS late_records,
    sum(refused) AS refused_records,
    sum(o) AS all_observations,
    sum(used) AS used_observations,
    sum(born) AS births,
    sum(clutter) AS clutter_observations,
    if(all_observations = 0, 0, (used_observations + births) / all_observations) AS useful_share
FROM
(
    SELECT
        source_id, records AS r,
        if(disposition IN ('ACCEPTED', 'EMPTY', 'CONTEXT', 'SOURCE'), records, 0) AS accepted,
        if(disposition = 'LATE', records, 0) AS late,
        if(disposition IN ('REJECTED', 'QUARANTINED', 'RATE_LIMITED', 'DUPLICATE'), records, 0) AS refused,
        0 AS o, 0 AS used, 0 AS born, 0 AS clutter
    FROM records
    UNION ALL
    SELECT
        source_id, 0, 0, 0, 0, observations,
        if(use = 'USED', observations, 0), if(use = 'BIRTH', observations, 0), if(use = 'CLUTTER', observations, 0)
    FROM uses
)
GROUP BY source_id
ORDER BY used_observations + births DESC, source_id;

-- The account of an hour of receive time, from the raw offsets to the links: one row for each partition.
-- `records_open` and `observations_open` are what nobody answers for: zero once the hour is loaded.
-- Links are kept for days only; without them `observations_open` is the whole.
CREATE VIEW IF NOT EXISTS {database}.account_of_hour AS
WITH
    spans AS
    (
        SELECT run_id, topic, partition, min(first_offset) AS first, max(last_offset) AS last,
            sum(last_offset - first_offset + 1) AS offsets, sum(pulses) AS pulses
        FROM
        (
            SELECT * FROM {database}.record_span
            WHERE toStartOfHour(second) = toStartOfHour({hour:DateTime('UTC')})
                AND (toDate(second), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
            LIMIT 1 BY run_id, topic, partition, first_offset
        )
        GROUP BY run_id, topic, partition
    ),
    fates AS
    (
        SELECT run_id, topic, partition, sumMap(map(disposition, records)) AS dispositions, sum(observations) AS observations
        FROM
        (
            SELECT run_id, topic, partition, toString(disposition) AS disposition, records, observations
            FROM {database}.record_ledger
            WHERE toStartOfHour(second) = toStartOfHour({hour:DateTime('UTC')})
                AND (toDate(second), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
            LIMIT 1 BY run_id, topic, partition, first_offset, source_id, disposition, reason
        )
        GROUP BY run_id, topic, partition
    ),
    uses AS
    (
        SELECT run_id, topic, partition, sumMap(map(use_name, toUInt64(1))) AS uses, count() AS links
        FROM
        (
            SELECT run_id, topic, partition, use_name, offset
            FROM {database}.fused_link
            WHERE (run_id, topic, partition) IN (SELECT run_id, topic, partition FROM spans)
            LIMIT 1 BY run_id, topic, partition, offset, `index`, cell_key
        ) AS link
        INNER JOIN spans ON spans.run_id = link.run_id AND spans.topic = link.topic AND spans.partition = link.partition
        WHERE offset BETWEEN first AND last
        GROUP BY run_id, topic, partition
    )
SELECT
    spans.run_id AS run_id, spans.topic AS topic, spans.partition AS partition,
    first AS first_offset, last AS last_offset,
    last - first + 1 - offsets AS offsets_missing,
    pulses, dispositions,
    offsets - pulses - arraySum(mapValues(dispositions)) AS records_open,
    observations, uses,
    observations - links AS observations_open
FROM spans
LEFT JOIN fates ON fates.run_id = spans.run_id AND fates.topic = spans.topic AND fates.partition = spans.partition
LEFT JOIN uses ON uses.run_id = spans.run_id AND uses.topic = spans.topic AND uses.partition = spans.partition
ORDER BY run_id, topic, partition;
