-- What happens on the road is for everybody who may see the objects; the links behind it are not.
GRANT SELECT ON {database}.event TO {database}_object_reader;

GRANT SELECT ON {database}.event_history TO {database}_object_reader;

GRANT SELECT ON {database}.open_events TO {database}_object_reader;
