-- So are the queues at signals.
GRANT SELECT ON {database}.approach_second TO {database}_object_reader;

GRANT SELECT ON {database}.approach_state TO {database}_object_reader;
