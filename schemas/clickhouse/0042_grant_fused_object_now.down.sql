REVOKE SELECT ON {database}.fused_object_now FROM {database}_object_reader;
