-- The weather of an object lives for months too: it is the same for minutes and costs next to nothing. The lane does
-- not: a view that reads its columns would forbid to repeat 0027, which makes them anew.
-- The view is made anew: one whose query is modified gives its blocks other tokens after a restart of the server,
-- and a block that is sent again across that would count twice in the roll-up.
DROP VIEW IF EXISTS {database}.second_of_fused_object SYNC;

ALTER TABLE {database}.fused_object_second
    ADD COLUMN IF NOT EXISTS visibility_m       Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'NaN if unknown' AFTER context_flags,
    ADD COLUMN IF NOT EXISTS wind_mps           Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'mean wind; NaN if unknown' AFTER visibility_m,
    ADD COLUMN IF NOT EXISTS precipitation      UInt8   DEFAULT 0   CODEC(ZSTD(1)) AFTER wind_mps,
    ADD COLUMN IF NOT EXISTS precipitation_mmph Float32 DEFAULT nan CODEC(ZSTD(1)) COMMENT 'as water; NaN if unknown' AFTER precipitation,
    ADD COLUMN IF NOT EXISTS road_surface       UInt8   DEFAULT 0   CODEC(ZSTD(1)) AFTER precipitation_mmph,
    ADD COLUMN IF NOT EXISTS precipitation_name String ALIAS ['unknown', 'none', 'drizzle', 'rain', 'freezing_rain', 'sleet', 'snow', 'hail'][precipitation + 1],
    ADD COLUMN IF NOT EXISTS road_surface_name  String ALIAS ['unknown', 'dry', 'moist', 'wet', 'flooded', 'slush', 'snow', 'frost', 'ice'][road_surface + 1];

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.second_of_fused_object TO {database}.fused_object_second AS
SELECT
    run_id, station_id, cell, cell_key, tick, frame, track_id, lat_e7, lon_e7, x_m, y_m,
    velocity_east_mps, velocity_north_mps, heading_rad, object_class, existence,
    cov_ee_m2, cov_en_m2, cov_nn_m2, age_us, context_flags,
    visibility_m, wind_mps, precipitation, precipitation_mmph, road_surface, sources
FROM {database}.fused_object_state
WHERE tick = toStartOfSecond(tick);
