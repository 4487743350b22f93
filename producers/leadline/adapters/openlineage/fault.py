"""What is wrong with an event that cannot be used."""

from collections.abc import Sequence

import msgspec

from leadline.core.errors import LeadlineError


class Fault(msgspec.Struct, frozen=True):
    """`pointer` is a JSON pointer (RFC 6901) into the event; empty: the event as a whole."""

    pointer: str
    message: str


class Unusable(LeadlineError):
    """Nothing can be made of the event; `faults` say why, each with its place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or 'the event'}: {fault.message}" for fault in faults))
        self.faults = list(faults)


def pointed(parent: str, part: str | int) -> str:
    """The pointer to a part of what `parent` points to."""
    return f"{parent}/{str(part).replace('~', '~0').replace('/', '~1')}"
