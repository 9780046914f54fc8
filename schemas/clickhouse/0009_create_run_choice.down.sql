DROP VIEW IF EXISTS {database}.chosen_run SYNC;

DROP TABLE IF EXISTS {database}.run_choice SYNC;

DROP VIEW IF EXISTS {database}.run_day_of_picture SYNC;

DROP TABLE IF EXISTS {database}.run_day SYNC;
