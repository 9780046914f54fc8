REVOKE SELECT ON {database}.open_events FROM {database}_object_reader;

REVOKE SELECT ON {database}.event_history FROM {database}_object_reader;

REVOKE SELECT ON {database}.event FROM {database}_object_reader;
