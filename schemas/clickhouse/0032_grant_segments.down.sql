REVOKE SELECT ON {database}.segment_state FROM {database}_object_reader;

REVOKE SELECT ON {database}.segment_minute FROM {database}_object_reader;

REVOKE SELECT ON {database}.segment_second FROM {database}_object_reader;
