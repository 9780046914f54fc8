-- What a profile asks of a source: limits of a good and of an acceptable one for each dimension, and how many
-- samples a judgement needs. Insert to change a shipped profile, or to add one.
-- Delays of 200 and 100 ms are those of roadside perception for assisted and automated driving (SL2, SL3), a place
-- within 1.5 m is the baseline of T/CSAE 53; the other numbers have no primary source: they are the station's own.
CREATE TABLE IF NOT EXISTS {database}.grade_limit
(
    number        UInt32                 COMMENT 'serial from 1; the largest counts',
    profile       LowCardinality(String),
    dimension     LowCardinality(String),
    more_is_good  Bool,
    good          Float64                COMMENT 'this or better is good',
    acceptable    Float64                COMMENT 'this or better is acceptable, beyond is poor',
    least_samples UInt64                 COMMENT 'fewer are insufficient evidence'
)
ENGINE = ReplacingMergeTree
ORDER BY (profile, dimension, number)
SETTINGS non_replicated_deduplication_window = 10000;

-- The limits in force: the shipped profiles, and what was inserted.
CREATE VIEW IF NOT EXISTS {database}.grade_limit_in_force AS
SELECT * FROM
(
    SELECT * FROM values(
        'number UInt32, profile String, dimension String, more_is_good Bool, good Float64, acceptable Float64, least_samples UInt64',
        (0, 'assisted', 'completeness', true, 0.98, 0.95, 20),
        (0, 'assisted', 'delay_s', false, 0.1, 0.2, 100),
        (0, 'assisted', 'jitter_s', false, 0.03, 0.06, 100),
        (0, 'assisted', 'clock_s', false, 0.03, 0.1, 100),
        (0, 'assisted', 'bias_m', false, 0.5, 1.0, 100),
        (0, 'assisted', 'yaw_rad', false, 0.01, 0.03, 100),
        (0, 'assisted', 'error_m', false, 0.75, 1.5, 100),
        (0, 'assisted', 'overconfidence', false, 2.0, 4.0, 100),
        (0, 'assisted', 'detection', true, 0.95, 0.9, 50),
        (0, 'assisted', 'ghosts', false, 0.05, 0.1, 100),
        (0, 'assisted', 'repeats', false, 0.01, 0.05, 100),
        (0, 'assisted', 'refusals', false, 0.01, 0.05, 100),
        (0, 'assisted', 'quarantine', false, 0.0, 0.0, 100),
        (0, 'automated', 'completeness', true, 0.99, 0.98, 20),
        (0, 'automated', 'delay_s', false, 0.08, 0.1, 100),
        (0, 'automated', 'jitter_s', false, 0.02, 0.03, 100),
        (0, 'automated', 'clock_s', false, 0.02, 0.05, 100),
        (0, 'automated', 'bias_m', false, 0.3, 0.5, 100),
        (0, 'automated', 'yaw_rad', false, 0.006, 0.01, 100),
        (0, 'automated', 'error_m', false, 0.5, 1.0, 100),
        (0, 'automated', 'overconfidence', false, 2.0, 4.0, 100),
        (0, 'automated', 'detection', true, 0.98, 0.95, 50),
        (0, 'automated', 'ghosts', false, 0.02, 0.05, 100),
        (0, 'automated', 'repeats', false, 0.0, 0.01, 100),
        (0, 'automated', 'refusals', false, 0.005, 0.01, 100),
        (0, 'automated', 'quarantine', false, 0.0, 0.0, 100)
    )
    UNION ALL
    SELECT number, toString(profile), toString(dimension), more_is_good, good, acceptable, least_samples FROM {database}.grade_limit
)
ORDER BY number DESC
LIMIT 1 BY profile, dimension;

-- Every dimension of every source between two instants, with the number of samples and the interval that they are of.
-- A delay counts from the true instant: what a clock is ahead is added. An error is what single observations show and
-- what lasts, of one axis. Clock, bias and yaw count as far as they are sure, two sigmas less than estimated. Overconfidence is the squared error over the declared one; a source that declares nothing has none.
CREATE VIEW IF NOT EXISTS {database}.source_dimension AS
WITH
    minutes AS
    (
        SELECT * FROM {database}.source_quality
        WHERE minute >= {first:DateTime('UTC')} AND minute < {last:DateTime('UTC')} AND source_id != ''
            AND (toDate(minute), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
        LIMIT 1 BY run_id, source_id, minute, cell_key
    ),
    records AS
    (
        SELECT
            source_id, sum(records) AS all_records, sumIf(records, disposition = 'DUPLICATE') AS repeated,
            sumIf(records, disposition IN ('LATE', 'REJECTED', 'QUARANTINED', 'RATE_LIMITED')) AS refused,
            min(second) AS from_second, max(second) AS to_second
        FROM
        (
            SELECT * FROM {database}.record_ledger
            WHERE second >= {first:DateTime('UTC')} AND second < {last:DateTime('UTC')} AND disposition != 'SOURCE'
                AND (toDate(second), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
            LIMIT 1 BY run_id, topic, partition, first_offset, source_id, disposition, reason
        )
        GROUP BY source_id
    )
SELECT
    source_id, told.1 AS dimension, told.2 AS value, toUInt64(told.3) AS samples, from_time, to_time
FROM
(
    SELECT
        source_id, min(minute) AS from_time, max(minute) + INTERVAL 1 MINUTE AS to_time,
        arrayJoin([
            ('completeness', sumIf(completeness * known_s, isFinite(completeness)) / sumIf(known_s, isFinite(completeness)),
                sumIf(known_s, isFinite(completeness))),
            ('delay_s', sum(if(frames = 0, 0, delay_p95_s + if(registered, clock_s, 0)) * frames) / sum(frames), toFloat64(sum(frames))),
            ('jitter_s', sum(if(frames = 0, 0, jitter_s) * frames) / sum(frames), toFloat64(sum(frames))),
            ('clock_s', sumIf(greatest(abs(clock_s) - 2 * clock_sigma_s, 0) * residuals, registered) / sumIf(residuals, registered), toFloat64(sumIf(residuals, registered))),
            ('bias_m', sumIf(greatest(sqrt(bias_east_m * bias_east_m + bias_north_m * bias_north_m)
                - 2 * greatest(bias_east_sigma_m, bias_north_sigma_m), 0) * residuals, registered)
                / sumIf(residuals, registered), toFloat64(sumIf(residuals, registered))),
            ('yaw_rad', sumIf(greatest(abs(yaw_rad) - 2 * yaw_sigma_rad, 0) * residuals, registered) / sumIf(residuals, registered), toFloat64(sumIf(residuals, registered))),
            ('error_m', sumIf(sqrt(noise_m * noise_m + lasting_m * lasting_m) * residuals, isFinite(noise_m))
                / sumIf(residuals, isFinite(noise_m)), toFloat64(sumIf(residuals, isFinite(noise_m)))),
            ('overconfidence', sumIf(noise_factor * residuals, isFinite(noise_factor)) / sumIf(residuals, isFinite(noise_factor)),
                toFloat64(sumIf(residuals, isFinite(noise_factor)))),
            ('detection', sum(hits) / sum(looks), toFloat64(sum(looks))),
            ('ghosts', (sum(clutter) + sum(ghosts)) / sum(observations), toFloat64(sum(observations))),
            ('quarantine', sum(quarantined) / sum(observations), toFloat64(sum(observations)))
        ]) AS told
    FROM minutes
    GROUP BY source_id
    UNION ALL
    SELECT
        source_id, from_second, to_second + INTERVAL 1 SECOND,
        arrayJoin([
            ('repeats', repeated / all_records, toFloat64(all_records)),
            ('refusals', refused / all_records, toFloat64(all_records))
        ])
    FROM records
    WHERE source_id IN (SELECT source_id FROM minutes)
);

-- The grade of each source by each profile: that of its worst dimension, which is named. Evidence that is missing is
-- worse than what is acceptable, but hides nothing that is known to be poor.
CREATE VIEW IF NOT EXISTS {database}.source_grade AS
WITH
    found AS
    (
        SELECT * FROM {database}.source_dimension(first = {first:DateTime('UTC')}, last = {last:DateTime('UTC')})
    ),
    judged AS
    (
        SELECT
            profile, source_id, found.dimension AS of, value AS v, samples AS n, from_time AS begins, to_time AS ends,
            multiIf(
                samples < least_samples OR NOT isFinite(value), 'insufficient evidence',
                if(more_is_good, value >= good, value <= good), 'good',
                if(more_is_good, value >= acceptable, value <= acceptable), 'acceptable',
                'poor'
            ) AS mark,
            (indexOf(['good', 'acceptable', 'insufficient evidence', 'poor'], mark), of) AS rank
        FROM found
        INNER JOIN {database}.grade_limit_in_force AS limits ON limits.dimension = found.dimension
    )
SELECT
    profile, source_id,
    argMax(mark, rank) AS grade, argMax(of, rank) AS worst, argMax(v, rank) AS value, argMax(n, rank) AS samples,
    min(begins) AS from_time, max(ends) AS to_time,
    mapFromArrays(groupArray(of), groupArray(mark)) AS grades
FROM judged
GROUP BY profile, source_id
ORDER BY profile, source_id;
