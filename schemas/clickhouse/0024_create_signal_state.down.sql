DROP TABLE IF EXISTS {database}.signal_state SYNC;
