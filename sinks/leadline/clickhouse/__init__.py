"""The sink: Avro events from Kafka into ClickHouse, and the store's schema."""
