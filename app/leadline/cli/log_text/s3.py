"""An object in S3, or in what speaks its protocol, through boto3 with its own settings and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.core.errors import LeadlineError, UsageError

from .installed import library
from .text import CHUNK, Text, head

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(location: str, last: int) -> Text:
    """`s3://bucket/key`; the key is taken as it stands, with any sign in it."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise UsageError(f"{location} names no object; an object is s3://bucket/key")
    boto3, errors = library("boto3", "boto3"), library("botocore.exceptions", "boto3")
    try:
        answer = boto3.client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=-{last}")
    except errors.ClientError as error:
        if error.response["Error"]["Code"] in ("InvalidRange", "416"):  # of something empty there is no last part
            return Text(cut=False, chunks=iter(()))
        raise LeadlineError(f"{location} cannot be read: {error}") from None
    except (errors.BotoCoreError, ValueError) as error:
        raise LeadlineError(f"{location} cannot be read: {error}") from None
    cut = not answer.get("ContentRange", "bytes 0-").startswith("bytes 0-")
    return Text(cut, head(_chunks(answer["Body"], location, errors), last))


def _chunks(body: Any, location: str, errors: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(CHUNK)
    except (errors.BotoCoreError, OSError) as error:
        raise LeadlineError(f"{location} broke off: {error}") from None
    finally:
        body.close()
