"""POST /api/v1/lineage: OpenLineage's events, one or an array, answered when Kafka has them.

**One rule for arrays**: what is usable is taken, whatever stands beside it. Clients of OpenLineage drop a request that is
answered 4xx, as a whole; were nothing taken, one bad event would cost all others of its array. Whoever mends it and sends the
whole array again does no harm: the same event is the same, however often it comes.
"""

from concurrent.futures import Future
from typing import NamedTuple

import msgspec
from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response

from .errors import BUSY, ApiError
from .intake import Intake
from .openlineage import Fault, Place, examine
from .outlet import Outlet, TooLarge

SMALL_BYTES = 16 * 1024
"""Checked in some 0.2 ms, less than it takes to hand it to a thread."""
MOST_FAULTS = 100
"""Listed in an answer."""
EXAMPLE = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-27T08:30:00.000Z",
    "producer": "https://example.com/my-scheduler/1.0",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "run": {"runId": "0193642f-86c0-7b49-a0c2-6a5e4b2f1c3d"},
    "job": {"namespace": "my-scheduler", "name": "churn.features"},
    "inputs": [{"namespace": "postgres://db.example.com:5432", "name": "shop.public.orders"}],
    "outputs": [{"namespace": "s3://lake", "name": "features/churn"}],
}

_events = Counter(
    "leadline_api_openlineage_events", "OpenLineage's events sent to the API, by what became of them.", ["outcome"]
)


class Answer(msgspec.Struct, frozen=True):
    accepted: int


class _Sent(NamedTuple):
    """What is remembered of a body while Kafka has not acknowledged it: not its bytes."""

    places: list[Place]
    unusable: list[Fault]
    too_large: list[Fault]


class Lineage:
    def __init__(self, intake: Intake, outlet: Outlet) -> None:
        self._intake = intake
        self._outlet = outlet

    async def events(self, request: Request) -> Response:
        """201 where all of the body is in Kafka. Raises ApiError (422, 413: all but the faulty is), Unavailable."""
        sent, found_too_large = await self._take(request)
        too_large = sent.too_large + [sent.places[at].too_large(detail) for at, detail in found_too_large.items()]
        accepted = len(sent.places) - len(found_too_large)
        _events.labels("accepted").inc(accepted)
        if sent.unusable or too_large:
            _events.labels("unusable").inc(_events_of(sent.unusable))
            _events.labels("too_large").inc(len(too_large))
            raise _refusal(accepted, sent.unusable, too_large)
        return Response(msgspec.json.encode(Answer(accepted)), 201, media_type="application/json")

    async def _take(self, request: Request) -> tuple[_Sent, TooLarge]:
        """Where there is no room, 503: after 429 not all of OpenLineage's clients send an event again."""
        try:
            return await self._intake.take(request, self._publish, at_once=SMALL_BYTES)
        except ApiError as error:
            raise ApiError(503, error.error, error.detail, error.headers) if error.status == BUSY else error from None

    def _publish(self, data: bytes) -> "tuple[_Sent, Future[TooLarge]]":
        found = examine(data)
        done = self._outlet.publish([message for _, message in found.ready])
        return _Sent([place for place, _ in found.ready], found.unusable, found.too_large), done


def _refusal(accepted: int, unusable: list[Fault], too_large: list[Fault]) -> ApiError:
    """413 where size is all that is wrong."""
    faults = sorted(unusable + too_large, key=lambda fault: fault.index)
    first = faults[0]
    detail = f"{_events_of(faults)} of {accepted + _events_of(faults)} events cannot be used, the others are taken"
    detail += f"; the first fault, at {first.pointer or 'the top'}: {first.message}"
    status, error = (422, "unusable") if unusable else (413, "too_large")
    return ApiError(status, error, detail, accepted=accepted, faults=faults[:MOST_FAULTS], example=EXAMPLE)


def _events_of(faults: list[Fault]) -> int:
    return len({fault.index for fault in faults})
