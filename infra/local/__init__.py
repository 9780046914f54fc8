"""The local station: broker, Flink, engine and registry under one supervisor."""
