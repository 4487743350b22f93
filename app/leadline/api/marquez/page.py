"""Pages of lists."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

LIMITED = "LIMIT {limit:UInt32} OFFSET {offset:UInt32}"


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """`limit` rows from `offset`, from 0. Other parameters are ignored, as Marquez does."""

    limit: Annotated[int, Meta(ge=0, le=2_000)] = 100
    offset: Annotated[int, Meta(ge=0, le=2**31)] = 0

    @property
    def bound(self) -> dict[str, Any]:
        """The parameters of `LIMITED`."""
        return {"limit": self.limit, "offset": self.offset}
