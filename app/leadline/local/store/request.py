"""What a request asks, wherever ClickHouse's HTTP protocol lets it stand."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import parse_qsl, urlsplit

from .body import BodyError


@dataclass(frozen=True)
class Question:
    """What a caller asks; `output` is the format where the statement names none."""

    statement: str
    output: str
    parameters: Mapping[str, str]
    settings: Mapping[str, str]
    database: str


_TRANSPORT = frozenset(
    {
        "add_http_cors_header",
        "buffer_size",
        "cancel_http_readonly_queries_on_client_close",
        "client_protocol_version",
        "close_session",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "stacktrace",
        "user",
        "wait_end_of_query",
    }
)
"""Parameters of the transport; what is neither one of these nor `param_...` is a setting."""


def parameters_of(path: str) -> dict[str, str]:
    """The URL's parameters; of several with one name the last counts. Raises BodyError where there are too many."""
    try:
        found = parse_qsl(urlsplit(path).query, keep_blank_values=True, errors="surrogateescape", max_num_fields=1_000)
    except ValueError as error:
        raise BodyError(400, f"cannot read the parameters of the URL: {error}") from None
    return dict(found)


def question_of(headers: Message, parameters: Mapping[str, str]) -> Question:
    """The statement is what the URL carries; the body, which may be a statement or data, is not read here."""
    return Question(
        statement=parameters.get("query", ""),
        output=parameters.get("default_format") or headers.get("X-ClickHouse-Format") or "TabSeparated",
        parameters={name.removeprefix("param_"): value for name, value in parameters.items() if name.startswith("param_")},
        settings={
            name: value for name, value in parameters.items() if name not in _TRANSPORT and not name.startswith("param_")
        },
        database=parameters.get("database") or headers.get("X-ClickHouse-Database") or "",
    )


def foreign(headers: Message, own_host: str) -> str:
    """Why a browser, or whoever rebinds a name to this address, is sent away; the empty string for everybody else."""
    host = _host(headers.get("Host") or "")
    if host not in (own_host, "localhost") and not _is_loopback(host):
        return f"the Host header says {host!r}; this store answers to 127.0.0.1 and localhost only"
    if "Origin" in headers:
        return "requests from web pages (with an Origin header) are refused"
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return "requests that another web page makes are refused"
    return ""


def _host(header: str) -> str:
    """Without its port; the empty string where it is no host."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_local(address: str) -> bool:
    """True for a peer on this machine."""
    return _is_loopback(address)
