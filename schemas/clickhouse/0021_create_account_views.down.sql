DROP VIEW IF EXISTS {database}.account_of_hour SYNC;

DROP VIEW IF EXISTS {database}.source_league SYNC;
