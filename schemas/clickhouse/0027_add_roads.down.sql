ALTER TABLE {database}.fused_object_state
    DROP COLUMN IF EXISTS along_m, DROP COLUMN IF EXISTS across_m,
    DROP COLUMN IF EXISTS signal_phase, DROP COLUMN IF EXISTS signal_end_s,
    DROP COLUMN IF EXISTS segment_id, DROP COLUMN IF EXISTS lane_id;

ALTER TABLE {database}.fused_object_state
    ADD COLUMN IF NOT EXISTS segment_id Nullable(UInt64) CODEC(ZSTD(1)) COMMENT 'NULL until known' AFTER sources,
    ADD COLUMN IF NOT EXISTS lane_id    Nullable(UInt64) CODEC(ZSTD(1)) COMMENT 'NULL until known' AFTER segment_id;
