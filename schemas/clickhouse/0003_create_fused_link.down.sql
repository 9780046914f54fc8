DROP TABLE IF EXISTS {database}.fused_link SYNC;
