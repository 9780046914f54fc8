-- What third parties say of the place of an object: the weather with its row, where it is the same for minutes
-- and costs next to nothing; the features by name with the picture, the kinds of them as bits with the row.
ALTER TABLE {database}.fused_object_state
    ADD COLUMN IF NOT EXISTS visibility_m       Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'NaN if unknown' AFTER context_flags,
    ADD COLUMN IF NOT EXISTS wind_mps           Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'mean wind; NaN if unknown' AFTER visibility_m,
    ADD COLUMN IF NOT EXISTS precipitation      UInt8   DEFAULT 0   CODEC(ZSTD(1)) AFTER wind_mps,
    ADD COLUMN IF NOT EXISTS precipitation_mmph Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'as water; NaN if unknown' AFTER precipitation,
    ADD COLUMN IF NOT EXISTS road_surface       UInt8   DEFAULT 0   CODEC(ZSTD(1)) AFTER precipitation_mmph,
    ADD COLUMN IF NOT EXISTS precipitation_name String ALIAS ['unknown', 'none', 'drizzle', 'rain', 'freezing_rain', 'sleet', 'snow', 'hail'][precipitation + 1],
    ADD COLUMN IF NOT EXISTS road_surface_name  String ALIAS ['unknown', 'dry', 'moist', 'wet', 'flooded', 'slush', 'snow', 'frost', 'ice'][road_surface + 1];

ALTER TABLE {database}.picture
    ADD COLUMN IF NOT EXISTS features Array(String) CODEC(ZSTD(1)) COMMENT 'feature_id of what applied to any object' AFTER missing_sources;

ALTER TABLE {database}.road_context
    ADD COLUMN IF NOT EXISTS issued Nullable(DateTime64(6, 'UTC')) CODEC(ZSTD(1)) COMMENT 'by its sender; NULL if unknown' AFTER receive_time;
