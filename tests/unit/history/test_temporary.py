"""Names that tools give to what is there between two of their steps, and names that people give."""

import pytest

from leadline.history.node import NodeRef
from leadline.history.temporary import is_temporary

TEMPORARY = [
    "warehouse/orders/_temporary/0/task_1",
    "warehouse/orders/_temporary",
    "/data/orders/.hive-staging_hive_2026-11-27_10-00",
    "orders/.spark-staging-1f3",
    "shop.main.orders__dbt_tmp",
    "shop.main.orders__dbt_tmp20261127093015",
    "shop.main.orders__dbt_backup",
    "tempdb.dbo.#orders",
    "#orders",
    "shop.pg_temp_3.orders",
    "project._d41d8cd98f00b204e9800998ecf8427e12345678.anon0f1e",
    "DB.PUBLIC.SNOWPARK_TEMP_TABLE_X1",
]
KEPT = [
    "/tmp/orders",
    "shop.public.tmp_orders",
    "shop.public.temporary_orders",
    "warehouse/orders_temporary",
    "shop.main.dbt_tmp_report",
    "features/#1",
    "shop.public.pg_template.orders",
]


@pytest.mark.parametrize("name", TEMPORARY)
def test_what_a_tool_makes_for_itself(name: str) -> None:
    """By its name alone; a job of that name is none."""
    assert is_temporary(NodeRef("DATASET", "anywhere", name))
    assert not is_temporary(NodeRef("JOB", "anywhere", name))


@pytest.mark.parametrize("name", KEPT)
def test_what_may_be_anybodys(name: str) -> None:
    """Nothing is guessed."""
    assert not is_temporary(NodeRef("DATASET", "anywhere", name))
