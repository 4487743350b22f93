"""The contract: records, their Avro schemas, topics, keys and the wire format."""
