"""A query's parameters as a struct: checked, converted, unknown ones refused."""

from typing import Annotated, TypeVar, get_origin

import msgspec
from msgspec import Meta
from starlette.datastructures import QueryParams

from leadline.core.clock import Micros, system_clock
from leadline.core.errors import UsageError
from leadline.core.moment import parse_moment

Asked = TypeVar("Asked", bound=msgspec.Struct)

Limit = Annotated[int, Meta(ge=1, le=100_000)]


def parameters(given: QueryParams, kind: type[Asked]) -> Asked:
    """Fields that are lists may be given several times. Raises UsageError."""
    lists = {field.encode_name for field in msgspec.structs.fields(kind) if get_origin(field.type) is list}
    values: dict[str, str | list[str]] = {}
    for name in given:
        found = given.getlist(name)
        if name not in lists and len(found) > 1:
            raise UsageError(f"{name} is given {len(found)} times; once is enough")
        values[name] = found if name in lists else found[0]
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"the query's parameters: {error}") from None


def moment(text: str, name: str) -> Micros | None:
    """As the command line reads it; None where it is left out. Raises UsageError with the parameter's name."""
    if not text:
        return None
    try:
        return parse_moment(text, system_clock())
    except ValueError:
        detail = "write 2026-11-21, 2026-11-21T08:00Z, or how long ago: 30m, 12h, 7d; a + is %2B in an address"
        raise UsageError(f"{name} is {text!r}, which is no time; {detail}") from None
