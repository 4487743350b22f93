"""The typed records, one module per subject. `avro/` is derived from them (`python -m leadline.events.derive`) and frozen."""

from .alert import Alert, AlertChange, AlertState, DownstreamNode, LastGood, OpenEpisode
from .bound import BoundDeclared, BoundSpec
from .change import ChangeDetected
from .control import Tick
from .dead_letter import DeadLetter, MessageHeader
from .decision import DecisionRecorded
from .edge import EdgeObserved
from .entity import EntityReported
from .event import Event
from .log import LogLine, LogPointer, LogsReported
from .metric import MetricDefinition, MetricsReported, Reading
from .run import RunEvent, RunIo
from .transition import Transition
from .version import ColumnProfile, VersionDescribed

__all__ = [
    "Alert",
    "AlertChange",
    "AlertState",
    "BoundDeclared",
    "BoundSpec",
    "ChangeDetected",
    "ColumnProfile",
    "DeadLetter",
    "DecisionRecorded",
    "DownstreamNode",
    "EdgeObserved",
    "EntityReported",
    "Event",
    "LastGood",
    "LogLine",
    "LogPointer",
    "LogsReported",
    "MessageHeader",
    "MetricDefinition",
    "MetricsReported",
    "OpenEpisode",
    "Reading",
    "RunEvent",
    "RunIo",
    "Tick",
    "Transition",
    "VersionDescribed",
]
