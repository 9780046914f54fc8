DROP VIEW IF EXISTS {database}.path_of_track SYNC;

DROP VIEW IF EXISTS {database}.digital_track SYNC;

DROP VIEW IF EXISTS {database}.minutes_of_track SYNC;

DROP VIEW IF EXISTS {database}.aliases_of_track SYNC;

DROP FUNCTION IF EXISTS pathStops;

DROP FUNCTION IF EXISTS pathSimple;

DROP FUNCTION IF EXISTS pathFold;

DROP FUNCTION IF EXISTS pathAnchored;

DROP FUNCTION IF EXISTS pathIsLost;

DROP FUNCTION IF EXISTS pathLengthM;

DROP FUNCTION IF EXISTS pathStepM;
