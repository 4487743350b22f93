"""Everything that `leadline up` starts: Kafka, the schema registry, the store, the roles, and the supervisor over all."""

from .broker import Broker
from .stack import SERVICES, Stack
from .supervisor import Stopped

__all__ = ["SERVICES", "Broker", "Stack", "Stopped"]
