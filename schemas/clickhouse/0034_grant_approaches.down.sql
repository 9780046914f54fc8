REVOKE SELECT ON {database}.approach_state FROM {database}_object_reader;

REVOKE SELECT ON {database}.approach_second FROM {database}_object_reader;
