"""GET /api/v1/leadline/COMMAND for each command that reads."""

from starlette.routing import BaseRoute, Route

from .alerts import alerts
from .explain import explain
from .lineage import lineage
from .nodes import nodes, show
from .reader import Question, Reader
from .runs import logs, run, runs
from .trend import trend

PREFIX = "/api/v1/leadline"
QUESTIONS: dict[str, Question] = {
    "nodes": nodes,
    "show": show,
    "runs": runs,
    "run": run,
    "logs": logs,
    "lineage": lineage,
    "explain": explain,
    "alerts": alerts,
    "trend": trend,
}
"""By the command's name."""


def query_routes(reader: Reader) -> list[BaseRoute]:
    return [Route(f"{PREFIX}/{name}", reader.endpoint(question), methods=["GET"]) for name, question in QUESTIONS.items()]
