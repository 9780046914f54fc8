"""The jobs: Flink wiring and the edges to Kafka and ClickHouse; no arithmetic."""
