"""GET /api/v1/leadline/COMMAND for each command that reads."""

from typing import NamedTuple

import msgspec
from starlette.routing import BaseRoute, Route

from .alerts import OfAlerts, alerts
from .explain import OfExplain, explain
from .lineage import OfLineage, lineage
from .nodes import OfNodes, OfShow, nodes, show
from .reader import Question, Reader
from .runs import OfLogs, OfRun, OfRuns, logs, run, runs
from .trend import OfTrend, trend

PREFIX = "/api/v1/leadline"


class Query(NamedTuple):
    """What answers, the parameters that it takes, and what it says in one line."""

    answer: Question
    of: type[msgspec.Struct]
    summary: str


QUERIES = {
    "nodes": Query(nodes, OfNodes, "Find data, models and jobs"),
    "show": Query(show, OfShow, "One node with all that belongs to it"),
    "runs": Query(runs, OfRuns, "What ran, the newest first"),
    "run": Query(run, OfRun, "One run with its data, changes, parent and children"),
    "logs": Query(logs, OfLogs, "Log lines of a run, one JSON document a line"),
    "lineage": Query(lineage, OfLineage, "What a node was made from, or what was made from it"),
    "explain": Query(explain, OfExplain, "Why an alert was raised, a run failed, or a version is as it is"),
    "alerts": Query(alerts, OfAlerts, "What is violated now, or every step of it"),
    "trend": Query(trend, OfTrend, "One metric over time, with its bounds as they were"),
}
"""By the command's name."""


def query_routes(reader: Reader) -> list[BaseRoute]:
    return [Route(f"{PREFIX}/{name}", reader.endpoint(query.answer), methods=["GET"]) for name, query in QUERIES.items()]
