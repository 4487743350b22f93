"""An explanation: what happened since when, what most likely caused it, and what is touched by it."""

import msgspec

from leadline.events.records.event import Micros

from .facts import Alert, Change, Contact, Episode, LogLine, Reading, Run

CONFIDENCES = ("high", "medium", "low")


class Effect(msgspec.Struct, frozen=True):
    """The middle value of a metric before and after, and what it usually varies."""

    kind: str
    namespace: str
    name: str
    metric: str
    dims: dict[str, str]
    before: float
    after: float
    spread: float


class Cause(msgspec.Struct, frozen=True):
    """A change upstream, judged. `first_reached`: the slot (or time) of the first reading that its output could touch."""

    change: Change
    confidence: str
    probability: float
    """Among all changes, a shift that is due to none of them, and no shift at all."""
    run: Run | None
    path: list[str]
    """The jobs from the change's to the one that measured."""
    first_reached: Micros
    effects: list[Effect]
    evidence: list[str]


class Unreported(msgspec.Struct, frozen=True):
    """Something that no known change is behind: a shift, a drift, or a single wild value."""

    job: str
    """The one nearest to where it began, of those that measured anything."""
    since: Micros
    """Slot (or time)."""
    shape: str
    """shift, drift or wild."""
    probability: float
    """Of all that nobody reported, wherever it began."""


class Failure(msgspec.Struct, frozen=True):
    """A run that failed. `root` is the failed run farthest upstream that it goes back to; None: itself."""

    run: Run
    root: Run | None
    chain: list[Run]
    """From the root to the run."""
    followers: list[Run]
    """Failed runs downstream of it."""
    last_success: Run | None
    later_try: Run | None = None
    """The newest try of the same slot after it, one that succeeded before all others; None: there is none, or no slot."""


class Made(msgspec.Struct, frozen=True):
    """A version, who made it, and whether a metric of it was outside of its bound; None: it was not measured."""

    kind: str
    namespace: str
    name: str
    version: str
    made_at: Micros
    run: Run | None
    violated: bool | None


class Explanation(msgspec.Struct, frozen=True):
    """Times are when it happened; slots are what it is about."""

    headline: str
    alert: Alert | None
    run: Run | None
    contact: Contact | None
    """Whose the alert's node, or the run's job, is."""
    last_good: Reading | None
    shifted_at: Micros | None
    """Slot (or time) since when the series is another; None: no shift is to be seen."""
    last_before_shift: Reading | None
    causes: list[Cause]
    unreported: Unreported | None
    """Where it is likelier than all changes together."""
    failure: Failure | None
    upstream_open: list[Episode]
    affected: list[Micros]
    """Slots (or times) of readings from the shift on."""
    consumers: list[Contact]
    logs: list[LogLine]
    missing: list[str]
    watermark: Micros | None
    version: Made | None = None
    """What is explained, where it is a version."""
    last_good_version: Made | None = None
    """The newest version before it that was measured and within all bounds."""
    changed: list[Change] = []
    """Of a version: what happened upstream since the last good one (else the one before), nearest first, then newest."""
