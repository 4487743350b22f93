"""Tools of others report to a running stack through their own OpenLineage integrations: `make test-integrations`.

Each tool runs in an environment of its own, with nothing but what docs/openlineage.md tells its users to set.
"""
