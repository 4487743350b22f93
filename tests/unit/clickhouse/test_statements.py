"""SQL files as statements, for one server or a cluster."""

import pytest

from leadline.clickhouse.migrate import migrations
from leadline.clickhouse.statements import for_cluster, split
from leadline.core.errors import UsageError


def test_statements_end_where_lines_end() -> None:
    """Semicolons in comments and texts do not end one."""
    assert split("-- a;\nSELECT 'x; y' ;\n\nSELECT 2;\n") == ["SELECT 'x; y'", "SELECT 2"]


def test_without_a_cluster_nothing_changes() -> None:
    """One server runs the files as they are."""
    for migration in migrations():
        assert migration.statements() == split(migration.sql)


def test_on_a_cluster_every_table_is_replicated_and_distributed() -> None:
    """Each object is made everywhere; rows that replace each other meet on one shard.

    Rows that a migration copies go once through the distributed tables.
    """
    made = [statement for migration in migrations() for statement in migration.statements("prod")]
    assert made and all("ON CLUSTER 'prod'" in statement for statement in made if not statement.startswith("INSERT INTO"))
    assert not any("ENGINE = MergeTree" in statement or "ENGINE = ReplacingMergeTree" in statement for statement in made)
    assert (
        "CREATE TABLE IF NOT EXISTS leadline_internal.run_state ON CLUSTER 'prod' AS leadline_internal.run_state_local\n"
        "ENGINE = Distributed('prod', 'leadline_internal', 'run_state_local', cityHash64(job_namespace, job_name, run_id))"
    ) in made
    assert any(
        "leadline_internal.run_state_local ON CLUSTER 'prod'" in s and "ReplicatedAggregatingMergeTree" in s for s in made
    )


def test_a_cluster_is_a_name() -> None:
    """It stands in SQL, so it can be nothing else."""
    with pytest.raises(UsageError):
        for_cluster("CREATE TABLE a.b (x Int8) ENGINE = Null", "x' SETTINGS")
