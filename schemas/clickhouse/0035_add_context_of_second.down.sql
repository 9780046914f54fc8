DROP VIEW IF EXISTS {database}.second_of_fused_object SYNC;

ALTER TABLE {database}.fused_object_second
    DROP COLUMN IF EXISTS precipitation_name, DROP COLUMN IF EXISTS road_surface_name,
    DROP COLUMN IF EXISTS visibility_m, DROP COLUMN IF EXISTS wind_mps, DROP COLUMN IF EXISTS precipitation,
    DROP COLUMN IF EXISTS precipitation_mmph, DROP COLUMN IF EXISTS road_surface;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.second_of_fused_object TO {database}.fused_object_second AS
SELECT
    run_id, station_id, cell, cell_key, tick, frame, track_id, lat_e7, lon_e7, x_m, y_m,
    velocity_east_mps, velocity_north_mps, heading_rad, object_class, existence,
    cov_ee_m2, cov_en_m2, cov_nn_m2, age_us, context_flags, sources
FROM {database}.fused_object_state
WHERE tick = toStartOfSecond(tick);
