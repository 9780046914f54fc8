-- The views of tracks read it.
GRANT SELECT ON {database}.track_family TO {database}_object_reader;
