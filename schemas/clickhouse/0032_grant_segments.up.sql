-- Traffic on the roads is for everybody who may see the objects.
GRANT SELECT ON {database}.segment_second TO {database}_object_reader;

GRANT SELECT ON {database}.segment_minute TO {database}_object_reader;

GRANT SELECT ON {database}.segment_state TO {database}_object_reader;
