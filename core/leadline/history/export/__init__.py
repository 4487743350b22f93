"""The whole lineage at once, as of any time: as it is, and as OpenLineage's events."""
