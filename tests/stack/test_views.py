"""The public views are a contract: documented, pinned, and what the page of queries says can be asked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadline.clickhouse.document import reference
from leadline.clickhouse.store import writing

from .sink_environment import SinkEnvironment, sink_environment

pytestmark = pytest.mark.stack
DOCS = Path(__file__).parents[2] / "docs"
_DESIGNED = {
    "runs": "run_id job_namespace job_name state started_at ended_at nominal_at parent_run_id root_run_id tool host owner "
    "code_commit error_message recorded_at",
    "run_io": "run_id job_namespace job_name direction kind namespace name version",
    "lineage_edges": "granularity source_kind source_namespace source_name source_version source_field target_kind "
    "target_namespace target_name target_version target_field job_namespace job_name run_id valid_from valid_to last_seen "
    "recorded_at",
    "readings": "kind namespace name version metric value unit dims event_time slot mode job_namespace job_name run_id "
    "recorded_at",
    "alert_events": "alert_id episode_id bound_id transition severity previous_severity kind namespace name metric dims value "
    "threshold owner job_namespace job_name run_id event_time recorded_at",
    "changes": "kind namespace name what before after actor job_namespace job_name run_id event_time recorded_at",
    "dead_letters": "topic partition offset reason error payload recorded_at",
    "nodes": "kind namespace name owner",
    "versions": "kind namespace name version",
    "current_versions": "kind namespace name version",
    "run_inputs": "run_id version pinned",
    "run_attempts": "job_namespace job_name nominal_at run_id number attempts retry_of retried_by",
    "job_versions": "job_namespace job_name version inputs outputs current",
    "version_moves": "version moved_at",
    "alias_words": "kind namespace name of_kind of_namespace of_name source deleted",
    "aliases": "kind namespace name of_kind of_namespace of_name reason source",
    "facets": "level namespace name facet value run_id",
    "openlineage_events": "kind namespace name run_id event_type body event_id",
    "job_declarations": "job_namespace job_name inputs outputs",
    "trends_hourly": "time mean",
    "trends_daily": "time mean",
    "bounds": "bound_id",
    "bound_versions": "bound_id origin state version valid_from valid_to actor reason warn_lower warn_upper error_lower "
    "error_upper",
    "episodes": "episode_id opened_at closed_at",
    "logs": "run_id time level message",
    "audit": "actor",
    "decisions": "actor action",
    "watermarks": "topic lag",
    "version_details": "kind namespace name version rows size_bytes content_hash",
    "column_profiles": "kind namespace name version column type null_share quantiles",
    "metric_definitions": "kind namespace name metric unit direction aliases formula_version",
}


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkEnvironment]:
    with sink_environment(tmp_path_factory.mktemp("views")) as environment:
        yield environment


def test_reference_is_what_the_store_says(env: SinkEnvironment) -> None:
    """docs/views.md pins every view, column, type and comment; `python -m leadline.clickhouse.document` writes it anew."""
    assert reference(env.client) == (DOCS / "views.md").read_text()


def test_every_column_says_what_it_means(env: SinkEnvironment) -> None:
    """No view and no column is without a comment."""
    silent = env.client.query("SELECT table, name FROM system.columns WHERE database = 'leadline' AND comment = ''").result_rows
    assert silent == []
    assert env.client.query("SELECT name FROM system.tables WHERE database = 'leadline' AND comment = ''").result_rows == []


@pytest.mark.parametrize("view", sorted(_DESIGNED))
def test_columns_that_people_count_on(env: SinkEnvironment, view: str) -> None:
    """What the design promises is there, and times have microseconds and a zone."""
    rows = env.client.query(
        "SELECT name, type FROM system.columns WHERE database = 'leadline' AND table = {view:String}", {"view": view}
    ).result_rows
    assert set(_DESIGNED[view].split()) <= {name for name, _ in rows}
    assert all("DateTime64(6, 'UTC')" in kind for _, kind in rows if "DateTime" in kind)


def test_the_ten_queries_run(env: SinkEnvironment) -> None:
    """Every query of docs/queries.md is valid."""
    queries = re.findall(r"```sql\n(.*?)```", (DOCS / "queries.md").read_text(), re.DOTALL)
    assert len(queries) >= 10
    for query in queries:
        env.client.query(query)


def test_readers_see_the_views_and_nothing_below(env: SinkEnvironment) -> None:
    """The page of queries works for somebody without a password."""
    from leadline.history.connection import connect_reader

    reader = connect_reader(env.settings)
    assert reader.query("SELECT count() FROM leadline.runs").result_rows == [(0,)]
    with writing(env.settings) as writer:
        assert writer.query("SELECT count() FROM leadline_internal.run_state").result_rows == [(0,)]
