DROP VIEW IF EXISTS {database}.current_objects SYNC;
