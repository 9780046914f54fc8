DROP ROW POLICY IF EXISTS {database}_all_links ON {database}.fused_link;

DROP ROW POLICY IF EXISTS {database}_all_observations ON {database}.observation_ledger;

DROP ROW POLICY IF EXISTS {database}_all_records ON {database}.record_ledger;

DROP ROW POLICY IF EXISTS {database}_all_sources ON {database}.supplier_source;

DROP ROW POLICY IF EXISTS {database}_own_links ON {database}.fused_link;

DROP ROW POLICY IF EXISTS {database}_own_observations ON {database}.observation_ledger;

DROP ROW POLICY IF EXISTS {database}_own_records ON {database}.record_ledger;

DROP ROW POLICY IF EXISTS {database}_own_sources ON {database}.supplier_source;

DROP ROLE IF EXISTS {database}_supplier;

DROP ROLE IF EXISTS {database}_object_reader;

DROP ROLE IF EXISTS {database}_analyst;

DROP ROLE IF EXISTS {database}_operator;
