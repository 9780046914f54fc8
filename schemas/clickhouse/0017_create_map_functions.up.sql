-- Degrees for display on maps of mainland China, as operators/transform/gcj02.py and bd09.py make them (the
-- public formulas; sources there). All take and give (longitude, latitude) in degrees, as a tuple.
CREATE FUNCTION IF NOT EXISTS datumFade AS (beyond_deg) ->
    1 - pow(least(greatest(beyond_deg / 0.5, 0), 1), 2) * (3 - 2 * least(greatest(beyond_deg / 0.5, 0), 1));

CREATE FUNCTION IF NOT EXISTS datumPresence AS (lon, lat) ->
    datumFade(greatest(72.004 - lon, lon - 137.8347)) * datumFade(greatest(0.8293 - lat, lat - 55.8271));

CREATE FUNCTION IF NOT EXISTS datumWaves AS (x, a, b) ->
    20 * sin(pi() * x) + 40 * sin(pi() * x / 3) + a * sin(pi() * x / 12) + b * sin(pi() * x / 30);

CREATE FUNCTION IF NOT EXISTS datumFast AS (x) ->
    20 * sin(6 * pi() * x) + 20 * sin(2 * pi() * x);

CREATE FUNCTION IF NOT EXISTS gcj02EastM AS (x, y) ->
    (datumFast(x) + datumWaves(x, 150, 300)) * 2 / 3
    + 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x));

CREATE FUNCTION IF NOT EXISTS gcj02NorthM AS (x, y) ->
    (datumFast(x) + datumWaves(y, 160, 320)) * 2 / 3
    - 100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x));

CREATE FUNCTION IF NOT EXISTS krasovskyW2 AS (lat) ->
    1 - 0.00669342162296594323 * pow(sin(radians(lat)), 2);

CREATE FUNCTION IF NOT EXISTS gcj02OfWgs84 AS (lon, lat) ->
    (
        lon + datumPresence(lon, lat) * degrees(gcj02EastM(lon - 105, lat - 35)
            / (6378245. / sqrt(krasovskyW2(lat)) * cos(radians(lat)))),
        lat + datumPresence(lon, lat) * degrees(gcj02NorthM(lon - 105, lat - 35)
            / (6378245. * (1 - 0.00669342162296594323) / pow(krasovskyW2(lat), 1.5)))
    );

CREATE FUNCTION IF NOT EXISTS bd09Radius AS (lon, lat) ->
    hypot(lon, lat) + 0.00002 * sin(lat * pi() * 3000 / 180);

CREATE FUNCTION IF NOT EXISTS bd09Angle AS (lon, lat) ->
    atan2(lat, lon) + 0.000003 * cos(lon * pi() * 3000 / 180);

CREATE FUNCTION IF NOT EXISTS bd09OfGcj02 AS (lon, lat) ->
    (
        lon + datumPresence(lon, lat) * (bd09Radius(lon, lat) * cos(bd09Angle(lon, lat)) + 0.0065 - lon),
        lat + datumPresence(lon, lat) * (bd09Radius(lon, lat) * sin(bd09Angle(lon, lat)) + 0.006 - lat)
    );
