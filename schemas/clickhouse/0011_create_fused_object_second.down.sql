DROP VIEW IF EXISTS {database}.second_of_fused_object SYNC;

DROP TABLE IF EXISTS {database}.fused_object_second SYNC;
