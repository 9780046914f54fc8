REVOKE SELECT ON {database}.track_kin FROM {database}_object_reader;
