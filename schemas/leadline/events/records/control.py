"""Control records: they travel in the partitions of the events that they are about, so one log gives one result.

`BoundChanged` is a BoundDeclared sent under the control header.
"""

from .event import Event


class Tick(Event, frozen=True, kw_only=True):
    """Time passes. Its time is the broker's stamp; event_time only says when it was sent."""
