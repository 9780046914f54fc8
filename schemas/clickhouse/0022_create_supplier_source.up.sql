-- Which sources a user of the warehouse supplies; the operator fills it. The role of suppliers shows them no other.
CREATE TABLE IF NOT EXISTS {database}.supplier_source
(
    user_name LowCardinality(String),
    source_id LowCardinality(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (user_name, source_id)
SETTINGS non_replicated_deduplication_window = 10000;
