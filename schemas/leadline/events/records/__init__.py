"""The typed records, one module per subject. `avro/` is derived from them (`python -m leadline.events.derive`) and frozen."""

from .alert import Alert, AlertChange, AlertState, DownstreamNode, LastGood, OpenEpisode
from .bound import BoundDeclared, BoundSpec
from .change import ChangeDetected
from .column import ColumnEdge, Transformation
from .control import Tick
from .dead_letter import DeadLetter, MessageHeader
from .decision import DecisionRecorded
from .edge import EdgeObserved
from .entity import EntityReported
from .event import Event
from .job import JobDeclared
from .log import LogLine, LogPointer, LogsReported
from .metric import MetricDefinition, MetricsReported, Reading
from .openlineage import OpenLineageReceived
from .run import JobDependency, RunEvent, RunIo
from .transition import Transition
from .version import ColumnProfile, VersionDescribed

__all__ = [
    "Alert",
    "AlertChange",
    "AlertState",
    "BoundDeclared",
    "BoundSpec",
    "ChangeDetected",
    "ColumnEdge",
    "ColumnProfile",
    "DeadLetter",
    "DecisionRecorded",
    "DownstreamNode",
    "EdgeObserved",
    "EntityReported",
    "Event",
    "JobDeclared",
    "JobDependency",
    "LastGood",
    "LogLine",
    "LogPointer",
    "LogsReported",
    "MessageHeader",
    "MetricDefinition",
    "MetricsReported",
    "OpenEpisode",
    "OpenLineageReceived",
    "Reading",
    "RunEvent",
    "RunIo",
    "Tick",
    "Transformation",
    "Transition",
    "VersionDescribed",
]
