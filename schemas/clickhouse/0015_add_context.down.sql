ALTER TABLE {database}.road_context DROP COLUMN IF EXISTS issued;

ALTER TABLE {database}.picture DROP COLUMN IF EXISTS features;

ALTER TABLE {database}.fused_object_state
    DROP COLUMN IF EXISTS road_surface_name,
    DROP COLUMN IF EXISTS precipitation_name,
    DROP COLUMN IF EXISTS road_surface,
    DROP COLUMN IF EXISTS precipitation_mmph,
    DROP COLUMN IF EXISTS precipitation,
    DROP COLUMN IF EXISTS wind_mps,
    DROP COLUMN IF EXISTS visibility_m;
