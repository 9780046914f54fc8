REVOKE SELECT ON {database}.track_family FROM {database}_object_reader;
