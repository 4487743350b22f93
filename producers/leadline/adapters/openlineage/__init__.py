"""OpenLineage's events, checked and turned into Leadline's: pure. docs/openlineage.md says what becomes of which facet."""

from .check import check
from .decode import decode
from .fault import Fault, Unusable
from .mapping import to_events

__all__ = ["Fault", "Unusable", "check", "decode", "to_events"]
