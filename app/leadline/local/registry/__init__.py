"""A schema registry that speaks Confluent's REST interface and keeps its state in Kafka as a real one does."""
