DROP TABLE IF EXISTS {database}.supplier_source SYNC;
