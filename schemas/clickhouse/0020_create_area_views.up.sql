-- Speeds on an area, minute by minute and class by class. polygon: [(lon, lat), ...] in degrees, not closed.
-- An H3 cell of resolution 11 (25 m) counts whole if its middle lies inside. From `first` to before `last`.
CREATE VIEW IF NOT EXISTS {database}.speeds_on AS
SELECT
    minute, class_name,
    sum(track_seconds) AS seconds,
    sum(still_seconds) AS still,
    sum(speed_sum_mps) / seconds AS mean_mps,
    sqrt(greatest(0, sum(speed_sum_m2ps2) / seconds - mean_mps * mean_mps)) AS deviation_mps,
    max(speed_max_mps) AS max_mps,
    uniqMerge(tracks) AS objects
FROM {database}.road_minute
WHERE h3 IN (SELECT arrayJoin(h3PolygonToCells([{polygon:Array(Tuple(Float64, Float64))}], 11)))
    AND minute >= {first:DateTime('UTC')} AND minute < {last:DateTime('UTC')}
    AND (toDate(minute), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
GROUP BY minute, class_name
ORDER BY minute, class_name;

-- Latitude of the upper edge of row y of a web map of 2^zoom rows.
CREATE FUNCTION IF NOT EXISTS tileLatDeg AS (y, zoom) -> degrees(atan(sinh(pi() * (1 - 2 * y / exp2(zoom)))));

-- Where a place lies on a web map of 2^zoom columns and rows.
CREATE FUNCTION IF NOT EXISTS tileX AS (lon, zoom) -> (lon + 180) / 360 * exp2(zoom);

CREATE FUNCTION IF NOT EXISTS tileY AS (lat, zoom) -> (1 - asinh(tan(radians(lat))) / pi()) / 2 * exp2(zoom);

-- A tile of 256 x 256 pixels of a web map (Web Mercator): track-seconds and mean speed of each pixel that has
-- any. Below zoom 15 a quarter of the tracks for each step, whole tracks by their id, at least 1/256; `seconds` is
-- scaled up, `share` says by what.
CREATE VIEW IF NOT EXISTS {database}.map_tile AS
SELECT
    toUInt16(floor(256 * (tileX(lon_e7 / 1e7, {zoom:UInt8}) - {x:UInt32}))) AS px,
    toUInt16(floor(256 * (tileY(lat_e7 / 1e7, {zoom:UInt8}) - {y:UInt32}))) AS py,
    exp2(-2 * least(greatest(15 - toInt16({zoom:UInt8}), 0), 4)) AS share,
    count() / share AS seconds,
    avg(hypot(velocity_east_mps, velocity_north_mps)) AS mean_mps
FROM
(
    SELECT DISTINCT track_id, tick, lat_e7, lon_e7, velocity_east_mps, velocity_north_mps
    FROM {database}.fused_object_second
    WHERE frame = 'wgs84'
        AND tick >= {first:DateTime('UTC')} AND tick < {last:DateTime('UTC')}
        AND (toDate(tick), run_id) IN (SELECT day, run_id FROM {database}.chosen_run)
        AND track_id < toUInt64(exp2(63 - 2 * least(greatest(15 - toInt16({zoom:UInt8}), 0), 4)))
        AND lon_e7 >= 1e7 * ({x:UInt32} / exp2({zoom:UInt8}) * 360 - 180)
        AND lon_e7 < 1e7 * (({x:UInt32} + 1) / exp2({zoom:UInt8}) * 360 - 180)
        AND lat_e7 <= 1e7 * tileLatDeg({y:UInt32}, {zoom:UInt8})
        AND lat_e7 > 1e7 * tileLatDeg({y:UInt32} + 1, {zoom:UInt8})
)
GROUP BY px, py;
