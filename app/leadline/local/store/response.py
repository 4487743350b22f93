"""What an answer looks like: ClickHouse's headers, its words for errors, the encoding that the client asked for."""

import json
from collections.abc import Mapping
from email.message import Message

from .body import COMPRESSIONS
from .engine import Answer, EngineError
from .framing import framed
from .status import content_type_of

_SMALL = 1_400
"""Bytes that fit into one packet: not worth compressing."""

PLAIN = {"Content-Type": "text/plain; charset=UTF-8"}


def answer_headers(answer: Answer, output: str, query_id: str) -> dict[str, str]:
    """`output` is the empty string where nothing comes back."""
    headers = {
        "X-ClickHouse-Summary": _summary(answer),
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Server-Display-Name": "leadline",
    }
    if output:
        return {**headers, "X-ClickHouse-Format": output, "Content-Type": content_type_of(output)}
    return {**headers, **PLAIN}


def error_headers(error: EngineError, query_id: str) -> dict[str, str]:
    return {**PLAIN, "X-ClickHouse-Exception-Code": str(error.code), "X-ClickHouse-Query-Id": query_id}


def error_text(error: EngineError, version: str) -> bytes:
    """Drivers look for the version behind the error's name."""
    text = str(error)
    return f"{text}{'' if '(version ' in text else f' (version {version})'}\n".encode(errors="replace")


def encoded(body: memoryview, request: Message, parameters: Mapping[str, str]) -> tuple[bytes | memoryview, str]:
    """The body in ClickHouse's framing (compress=1), or in the first encoding that the client names and we have.

    With it the encoding's name; the empty string where the body goes as it is, or framed, of which HTTP knows nothing.
    """
    if parameters.get("compress") == "1":
        return framed(body), ""
    enabled = parameters.get("enable_http_compression", "0") not in ("0", "false")
    asked = (part.split(";")[0].strip() for part in (request.get("Accept-Encoding") or "").split(","))
    name = next((name for name in asked if name in COMPRESSIONS), "")
    if not (enabled and name and len(body) > _SMALL):
        return body, ""
    return bytes(COMPRESSIONS[name].compress(bytes(body))), name


def _summary(answer: Answer) -> str:
    return json.dumps(
        {
            "read_rows": str(answer.read_rows),
            "read_bytes": str(answer.read_bytes),
            "written_rows": str(answer.written_rows),
            "written_bytes": "0",
            "total_rows_to_read": "0",
            "result_rows": "0",
            "result_bytes": str(len(answer.body)),
            "elapsed_ns": str(int(answer.elapsed_seconds * 1e9)),
        }
    )
