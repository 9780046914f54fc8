-- Roles, for a server that keeps them; a user gets one by `GRANT <database>_analyst TO <user>`. Raw bytes lie in
-- another database, so that no grant on this one reaches them.
CREATE ROLE IF NOT EXISTS {database}_operator;

CREATE ROLE IF NOT EXISTS {database}_analyst;

CREATE ROLE IF NOT EXISTS {database}_object_reader;

CREATE ROLE IF NOT EXISTS {database}_supplier;

-- Who runs the station: everything, raw bytes too, and the choice of runs.
GRANT SELECT, INSERT, ALTER, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE ON {database}.* TO {database}_operator;

GRANT SELECT, INSERT, ALTER, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE ON {database}_raw.* TO {database}_operator;

-- Who asks about everything but raw bytes.
GRANT SELECT ON {database}.* TO {database}_analyst;

-- A service that wants the objects and nothing of who saw them; what its views read counts as read by it.
GRANT SELECT ON {database}.fused_object_state TO {database}_object_reader;

GRANT SELECT ON {database}.fused_object_second TO {database}_object_reader;

GRANT SELECT ON {database}.picture TO {database}_object_reader;

GRANT SELECT ON {database}.road_minute TO {database}_object_reader;

GRANT SELECT ON {database}.track_minute TO {database}_object_reader;

GRANT SELECT ON {database}.track_alias TO {database}_object_reader;

GRANT SELECT ON {database}.track_name TO {database}_object_reader;

GRANT SELECT ON {database}.run_day TO {database}_object_reader;

GRANT SELECT ON {database}.run_choice TO {database}_object_reader;

GRANT SELECT ON {database}.chosen_run TO {database}_object_reader;

GRANT SELECT ON {database}.current_run TO {database}_object_reader;

GRANT SELECT ON {database}.current_pictures TO {database}_object_reader;

GRANT SELECT ON {database}.current_objects TO {database}_object_reader;

GRANT SELECT ON {database}.picture_of_cell TO {database}_object_reader;

GRANT SELECT ON {database}.objects_around TO {database}_object_reader;

GRANT SELECT ON {database}.aliases_of_track TO {database}_object_reader;

GRANT SELECT ON {database}.minutes_of_track TO {database}_object_reader;

GRANT SELECT ON {database}.path_of_track TO {database}_object_reader;

GRANT SELECT ON {database}.digital_track TO {database}_object_reader;

GRANT SELECT ON {database}.speeds_on TO {database}_object_reader;

GRANT SELECT ON {database}.map_tile TO {database}_object_reader;

-- A supplier of data sees what became of its own.
GRANT SELECT ON {database}.supplier_source TO {database}_supplier;

GRANT SELECT ON {database}.record_ledger TO {database}_supplier;

GRANT SELECT ON {database}.observation_ledger TO {database}_supplier;

GRANT SELECT ON {database}.fused_link TO {database}_supplier;

CREATE ROW POLICY IF NOT EXISTS {database}_own_sources ON {database}.supplier_source USING user_name = currentUser() TO {database}_supplier;

CREATE ROW POLICY IF NOT EXISTS {database}_own_records ON {database}.record_ledger USING source_id IN (SELECT source_id FROM {database}.supplier_source WHERE user_name = currentUser()) TO {database}_supplier;

CREATE ROW POLICY IF NOT EXISTS {database}_own_observations ON {database}.observation_ledger USING source_id IN (SELECT source_id FROM {database}.supplier_source WHERE user_name = currentUser()) TO {database}_supplier;

CREATE ROW POLICY IF NOT EXISTS {database}_own_links ON {database}.fused_link USING source_id IN (SELECT source_id FROM {database}.supplier_source WHERE user_name = currentUser()) TO {database}_supplier;

-- A table with a policy shows nothing to whom no policy names.
CREATE ROW POLICY IF NOT EXISTS {database}_all_sources ON {database}.supplier_source USING 1 TO ALL EXCEPT {database}_supplier;

CREATE ROW POLICY IF NOT EXISTS {database}_all_records ON {database}.record_ledger USING 1 TO ALL EXCEPT {database}_supplier;

CREATE ROW POLICY IF NOT EXISTS {database}_all_observations ON {database}.observation_ledger USING 1 TO ALL EXCEPT {database}_supplier;

CREATE ROW POLICY IF NOT EXISTS {database}_all_links ON {database}.fused_link USING 1 TO ALL EXCEPT {database}_supplier;
