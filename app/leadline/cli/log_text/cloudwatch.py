"""A log stream of CloudWatch, through boto3 with its own settings and credentials: line by line, from the end."""

from __future__ import annotations

import re
from typing import Any

from leadline.core.clock import isoformat
from leadline.core.errors import LeadlineError, UsageError

from .installed import library
from .text import Text, tail

_ARN = re.compile(r"arn:[\w-]+:logs:(?P<region>[\w-]+):\d*:log-group:(?P<group>[^:]+):log-stream:(?P<stream>[^:]+)")


def read(location: str, last: int) -> Text:
    """`arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM`; each line begins with its time."""
    found = _ARN.fullmatch(location)
    if found is None:
        raise UsageError(f"{location} names no log stream; it is arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM")
    boto3, errors = library("boto3", "boto3"), library("botocore.exceptions", "boto3")
    try:
        client = boto3.client("logs", region_name=found["region"])
        pages, more = _pages(client, found["group"], found["stream"], last)
    except (errors.ClientError, errors.BotoCoreError, ValueError) as error:
        raise LeadlineError(f"{location} cannot be read: {error}") from None
    text = tail(reversed(pages), last)
    return Text(text.cut or more, text.chunks)


def _pages(client: Any, group: str, stream: str, last: int) -> tuple[list[bytes], bool]:
    """Newest first, until it is enough, and whether there may be more. A token that comes again is the stream's beginning."""
    pages: list[bytes] = []
    size, token = 0, ""
    while size <= last:
        more = {"nextToken": token} if token else {}
        answer = client.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=False, **more)
        pages.append("".join(map(_line, answer["events"])).encode())
        size += len(pages[-1])
        if answer["nextBackwardToken"] == token:
            return pages, False
        token = answer["nextBackwardToken"]
    return pages, True


def _line(event: dict[str, Any]) -> str:
    return f"{isoformat(event['timestamp'] * 1_000)} {event['message'].rstrip()}\n"
