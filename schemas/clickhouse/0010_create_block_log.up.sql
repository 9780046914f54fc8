-- Blocks that a table refused: each attempt, and what became of them. Some carry raw bytes, so all stand here.
CREATE TABLE IF NOT EXISTS {database}_raw.block_log
(
    token        String                                               COMMENT 'of the insert, table included',
    kind         Enum8('refused' = 1, 'parked' = 2, 'reloaded' = 3),
    table        LowCardinality(String)                               COMMENT 'that refused it; empty: its records cannot be read',
    topic        LowCardinality(String),
    partition    Int32,
    first_offset Int64,
    last_offset  Int64,
    records      UInt32,
    code         Int32                                                COMMENT 'error code of the server; -1: its records cannot be read',
    reason       String                                               CODEC(ZSTD(1)),
    content      String                                               CODEC(ZSTD(3)) COMMENT 'of a parked block: its records as they were packed',
    at           DateTime64(6, 'UTC')                                 DEFAULT now64(6)
)
ENGINE = MergeTree
ORDER BY (table, token, at)
TTL toDateTime(at) + INTERVAL 30 DAY DELETE WHERE kind != 'parked';

-- What is parked now: one row for each block and table.
CREATE VIEW IF NOT EXISTS {database}_raw.parked_block AS
SELECT
    table, token,
    any(topic) AS topic,
    any(partition) AS partition,
    any(first_offset) AS first_offset,
    any(last_offset) AS last_offset,
    any(records) AS records,
    argMaxIf(code, at, kind = 'parked') AS code,
    argMaxIf(reason, at, kind = 'parked') AS reason,
    argMaxIf(content, at, kind = 'parked') AS content,
    countIf(kind = 'refused') AS attempts,
    maxIf(at, kind = 'parked') AS parked_at
FROM {database}_raw.block_log
GROUP BY table, token
HAVING parked_at > maxIf(at, kind = 'reloaded');
