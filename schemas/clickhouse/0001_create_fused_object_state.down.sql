DROP TABLE IF EXISTS {database}.fused_object_state SYNC;
