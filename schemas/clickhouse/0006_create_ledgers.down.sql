DROP TABLE IF EXISTS {database}.observation_ledger SYNC;

DROP TABLE IF EXISTS {database}.record_ledger SYNC;

DROP TABLE IF EXISTS {database}.record_span SYNC;
