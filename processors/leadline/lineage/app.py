"""The lineage role: an agent on leadline.runs, keyed by job."""

from leadline.core.settings import Settings
from leadline.events.records import ChangeDetected, EdgeObserved, MetricsReported, RunEvent
from leadline.events.topics import RUNS
from leadline.worker import Role, run_worker

from .graph import step
from .lost import deadline
from .state import Job

ROLE = Role(
    name="lineage",
    topic=RUNS,
    state=Job,
    step=step,
    outputs=(EdgeObserved, ChangeDetected, MetricsReported, RunEvent),
    deadline=deadline,
    state_version=2,
)


def main(settings: Settings, health_host: str, health_port: int) -> int:
    """Runs until SIGTERM or SIGINT. Raises UsageError, Unavailable while starting."""
    return run_worker(ROLE, settings, health_host, health_port)
