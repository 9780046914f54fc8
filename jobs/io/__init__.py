"""Edges to Kafka, Avro, the registry and ClickHouse."""
