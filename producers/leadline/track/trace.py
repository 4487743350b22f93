"""The trace that a run belongs to, as W3C Trace Context writes it."""

import contextlib
import re
from collections.abc import Mapping
from typing import Any

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
"""https://www.w3.org/TR/trace-context/#traceparent-header ; later versions may add parts."""


def traceparent(environ: Mapping[str, str], modules: Mapping[str, Any]) -> str:
    """Of OpenTelemetry's span around the run, where a job has one, else of TRACEPARENT; empty where it is not valid."""
    with contextlib.suppress(Exception):  # not imported, or only half
        span = modules["opentelemetry.trace"].get_current_span().get_span_context()
        if span.is_valid:
            return f"00-{span.trace_id:032x}-{span.span_id:016x}-{int(span.trace_flags):02x}"
    told = environ.get("TRACEPARENT", "").strip().lower()
    return told if _FORM.fullmatch(told) and (not told.startswith("00-") or len(told) == 55) else ""
