"""The producer library: `from leadline import track` in a job says what ran, on what, and what came out.

It never raises into the job but for wrong use, never blocks it, and keeps what it cannot send on disk.
"""

from .client import Client
from .column import Column, column
from .definitions import MetricDefinition, metric_definition
from .event_dict import structlog_processor
from .logs import logs
from .metrics import Metric
from .nodes import Node, dataset, model, node
from .run import Run, current_run
from .stats import Stats
from .sweep import Trial

# isort: split
# Last: pyright takes `run`, `job` and `stats` for the modules of these names where one is imported after the function.
from .api import configure, decision, describe, environ, flush, job, metric, owner, run, snapshot, stats

__all__ = [
    "Client",
    "Column",
    "Metric",
    "MetricDefinition",
    "Node",
    "Run",
    "Stats",
    "Trial",
    "column",
    "configure",
    "current_run",
    "dataset",
    "decision",
    "describe",
    "environ",
    "flush",
    "job",
    "logs",
    "metric",
    "metric_definition",
    "model",
    "node",
    "owner",
    "run",
    "snapshot",
    "stats",
    "structlog_processor",
]
