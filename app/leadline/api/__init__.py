"""Leadline's ingress over HTTP, for machines that cannot reach Kafka: `leadline worker api` (docs/ingress.md)."""
