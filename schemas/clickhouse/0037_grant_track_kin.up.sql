-- The views of tracks read it.
GRANT SELECT ON {database}.track_kin TO {database}_object_reader;
