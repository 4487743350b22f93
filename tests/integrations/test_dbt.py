"""dbt by `dbt-ol`, on DuckDB: two models, a test that passes and one that fails."""

from pathlib import Path

import pytest

from .conftest import Leadline, environment, started, variables

pytestmark = [pytest.mark.stack, pytest.mark.integration]

PROJECT = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nmodel-paths: [models]\n",
    "profiles.yml": "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n",
    "models/orders.sql": "select 1 as id, 'ada' as customer, 20.5 as amount union all select 2, 'bob', null\n",
    "models/totals.sql": "select customer, sum(amount) as amount from {{ ref('orders') }} group by customer\n",
    "models/schema.yml": "models:\n  - name: orders\n    columns:\n"
    "      - {name: id, data_tests: [unique]}\n      - {name: amount, data_tests: [not_null]}\n",
}


def test_models_their_columns_and_their_tests(leadline: Leadline, tmp_path: Path) -> None:
    """Runs below that of the invocation, tables and columns as the models say, tests as readings with a bound."""
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    dbt = environment("dbt") / "dbt-ol"
    told = {
        "OPENLINEAGE_URL": leadline.url,
        "OPENLINEAGE_API_KEY": leadline.token,
        "OPENLINEAGE_NAMESPACE": "dbt-prod",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    documented = variables(leadline.documented("dbt").replace(" dbt-ol run", "").replace(" ", "\n"))
    assert documented == {name: told[name] for name in documented}
    ran = started([dbt, "run", "--profiles-dir", "."], tmp_path, told)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    tested = started([dbt, "test", "--profiles-dir", "."], tmp_path, told)
    assert tested.returncode == 1, "one of the tests fails, for dbt as ever"

    sql = "SELECT job_name, state, parent_job_name, engine FROM leadline.runs WHERE job_namespace = 'dbt-prod' ORDER BY 1, 2"
    engine = "dbt/1.11.16"
    leadline.await_rows(
        sql,
        [
            ("dbt-run-shop", "COMPLETE", "", engine),
            ("dbt-run-shop", "FAIL", "", engine),
            ("shop.main.shop.orders", "COMPLETE", "dbt-run-shop", engine),
            ("shop.main.shop.orders.test", "FAIL", "dbt-run-shop", engine),
            ("shop.main.shop.totals", "COMPLETE", "dbt-run-shop", engine),
        ],
    )
    edges = """SELECT granularity, source_name, source_field, target_name, target_field FROM leadline.lineage_edges
        WHERE job_namespace = 'dbt-prod' AND granularity != 'RUN' ORDER BY ALL"""
    orders, totals = "shop.main.orders", "shop.main.totals"
    leadline.await_rows(
        edges,
        [
            ("COLUMN", orders, "amount", totals, "amount"),
            ("COLUMN", orders, "customer", totals, "customer"),
            ("JOB", orders, "", totals, ""),
        ],
    )
    checks = """SELECT DISTINCT metric, dims['column'], value FROM leadline.readings
        WHERE name = 'shop.main.orders' AND metric LIKE 'check.%' ORDER BY ALL"""
    leadline.await_rows(checks, [("check.not_null", "amount", 0.0), ("check.unique", "id", 1.0)])
    leadline.check_nothing_was_refused()
