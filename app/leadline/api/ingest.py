"""POST /api/v1/events: a batch of encoded events, answered when Kafka has it."""

from concurrent.futures import Future
from typing import NamedTuple

import msgspec
from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response

from .check import Checker, Ready, Refused, decode
from .intake import Intake
from .outlet import Outlet, TooLarge

_events = Counter("leadline_api_events", "Events sent to the API, by what became of them.", ["outcome"])


class Answer(msgspec.Struct, frozen=True):
    """What became of every entry of a batch."""

    accepted: int
    refused: list[Refused]


class _Sent(NamedTuple):
    """What is remembered of a batch while Kafka has not acknowledged it: not its bytes."""

    refused: list[Refused]
    taken: list[tuple[int, str]]
    """Index and record."""


class Ingest:
    def __init__(self, intake: Intake, checker: Checker, outlet: Outlet) -> None:
        self._intake = intake
        self._checker = checker
        self._outlet = outlet

    async def events(self, request: Request) -> Response:
        """Raises ApiError, Unavailable."""
        sent, too_large = await self._intake.take(request, self._publish)
        refused = sent.refused + [Refused(*sent.taken[at], "too_large", detail) for at, detail in too_large.items()]
        answer = Answer(len(sent.taken) - len(too_large), sorted(refused, key=lambda one: one.index))
        _events.labels("accepted").inc(answer.accepted)
        for one in refused:
            _events.labels(one.reason).inc()
        return Response(msgspec.json.encode(answer), media_type="application/json")

    def _publish(self, data: bytes) -> "tuple[_Sent, Future[TooLarge]]":
        """Everything is checked before anything is sent."""
        checked = list(self._checker.check(decode(data)))
        ready = [one for one in checked if isinstance(one, Ready)]
        done = self._outlet.publish([one.message() for one in ready])
        refused = [one for one in checked if isinstance(one, Refused)]
        return _Sent(refused, [(one.index, one.entry.record) for one in ready]), done
