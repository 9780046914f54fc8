-- Which runs have pictures of which day, kept by the view below; a few rows for each.
CREATE TABLE IF NOT EXISTS {database}.run_day
(
    day          Date                                               COMMENT 'of tick: the partition of the tables',
    run_id       LowCardinality(String),
    first_tick   SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_tick    SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    first_loaded SimpleAggregateFunction(min, DateTime('UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (day, run_id)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.run_day_of_picture TO {database}.run_day AS
SELECT toDate(tick) AS day, run_id, min(tick) AS first_tick, max(tick) AS last_tick, now() AS first_loaded
FROM {database}.picture
GROUP BY day, run_id;

-- Which run a day shows: of the choices that cover the day, the one with the largest number.
CREATE TABLE IF NOT EXISTS {database}.run_choice
(
    number    UInt64                 COMMENT 'serial; the largest counts',
    first_day Date,
    last_day  Date                   COMMENT 'inclusive; 2149-06-06 is open: a live run',
    run_id    LowCardinality(String),
    reason    String,
    chosen_at DateTime('UTC')        DEFAULT now()
)
ENGINE = MergeTree
ORDER BY number
SETTINGS non_replicated_deduplication_window = 100;

-- One row for each day that has pictures. A choice counts once its run has pictures of the day, so that no
-- day goes blank; a day without any choice shows the run that was loaded first, so a backfill hides nothing.
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
