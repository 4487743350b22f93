"""The roles of a stack: processes of their own, started by `leadline worker ROLE` and watched by `leadline up`."""

ROLES = {
    "sink": "leadline.clickhouse.app",
    "lineage": "leadline.lineage.app",
    "bounds": "leadline.bounds.app",
    "enrichment": "leadline.enrichment.app",
    "api": "leadline.api.app",
    "openlineage": "leadline.openlineage.app",
}
"""Role to module; each module has `main(settings, health_host, health_port) -> int`, which returns after SIGTERM or SIGINT.

Their health ports follow in this order (DESIGN.md)."""
