"""The local schema registry: Avro schemas behind the REST interface Confluent's clients speak."""
