-- The views of now read it.
GRANT SELECT ON {database}.fused_object_now TO {database}_object_reader;
