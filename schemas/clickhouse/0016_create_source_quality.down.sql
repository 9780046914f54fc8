DROP TABLE IF EXISTS {database}.source_contribution SYNC;

DROP TABLE IF EXISTS {database}.source_quality SYNC;
