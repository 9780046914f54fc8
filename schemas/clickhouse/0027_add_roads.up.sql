-- Where an object is on the road. The two ids were there, always NULL; as plain numbers they are written in
-- columns as they come.
ALTER TABLE {database}.fused_object_state DROP COLUMN IF EXISTS segment_id, DROP COLUMN IF EXISTS lane_id;

ALTER TABLE {database}.fused_object_state
    ADD COLUMN IF NOT EXISTS segment_id   UInt64  DEFAULT 0   CODEC(ZSTD(1)) COMMENT '0 until known' AFTER sources,
    ADD COLUMN IF NOT EXISTS lane_id      UInt64  DEFAULT 0   CODEC(ZSTD(1)) COMMENT '0 until known' AFTER segment_id,
    ADD COLUMN IF NOT EXISTS along_m      Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'along the lane, multiples of 1/4; NaN until the segment is known' AFTER lane_id,
    ADD COLUMN IF NOT EXISTS across_m     Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'to the left of its middle, multiples of 1/32' AFTER along_m,
    ADD COLUMN IF NOT EXISTS signal_phase UInt8   DEFAULT 0   CODEC(ZSTD(1)) COMMENT 'of the signal that the lane leads to; 0 if none or unknown' AFTER across_m,
    ADD COLUMN IF NOT EXISTS signal_end_s Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'seconds until it ends, multiples of 1/8; NaN if unknown' AFTER signal_phase;
