"""Bodies by length and in chunks, packed or not, and never more than allowed."""

import gzip
import io
from email.message import Message

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.filepost import encode_multipart_formdata

from leadline.local.store.body import COMPRESSIONS, Body, BodyError, body_of
from leadline.local.store.form import fields_of, is_form

LIMIT = 1_000_000


def body(data: bytes, limit: int = LIMIT, **headers: str) -> Body:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return body_of(message, {}, io.BytesIO(data), limit)


def chunked(pieces: list[bytes]) -> bytes:
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\nTrailer: x\r\n\r\n"


@given(st.lists(st.binary(max_size=300)), st.sampled_from(["", *COMPRESSIONS]))
def test_what_was_sent_is_what_is_read(pieces: list[bytes], encoding: str) -> None:
    """In one piece or in chunks, in every encoding; what follows on the connection is left alone."""
    data = b"".join(pieces)
    packed = bytes(COMPRESSIONS[encoding].compress(data)) if encoding else data
    for sent, headers in (
        (packed, {"Content_Length": str(len(packed))}),
        (chunked([packed[:10], packed[10:]]), {"Transfer_Encoding": "chunked"}),
    ):
        source = io.BytesIO(sent + b"NEXT")
        message = Message()
        for name, value in {**headers, "Content_Encoding": encoding}.items():
            message[name.replace("_", "-")] = value
        found = body_of(message, {}, source, LIMIT)
        assert found.read_all() == data
        assert found.empty
        assert source.read() == b"NEXT"


def test_no_body_is_empty() -> None:
    """A GET has none."""
    assert body(b"").empty
    assert body(b"").read_all() == b""


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"x" * 11, {"Content_Length": "11"}, 413),
        (chunked([b"x" * 6, b"x" * 6]), {"Transfer_Encoding": "chunked"}, 413),
        (b"x", {"Content_Length": "2"}, 400),
        (b"5\r\nxx", {"Transfer_Encoding": "chunked"}, 400),
        (b"-5\r\nxx", {"Transfer_Encoding": "chunked"}, 400),
        (b"zz\r\nxx", {"Transfer_Encoding": "chunked"}, 400),
        (b"", {"Transfer_Encoding": "chunked"}, 400),
        (b"x", {"Content_Length": "-1"}, 400),
        (b"x", {"Content_Length": "1", "Transfer_Encoding": "chunked"}, 400),
        (b"x", {"Transfer_Encoding": "gzip, chunked"}, 400),
        (b"x", {"Content_Length": "1", "Content_Encoding": "snappy"}, 415),
        (b"x", {"Content_Length": "1", "Content_Encoding": "gzip"}, 400),
    ],
)
def test_bad_bodies_are_refused(data: bytes, headers: dict[str, str], status: int) -> None:
    """Too large, cut off, of two minds about their length, or of a kind that is not taken."""
    with pytest.raises(BodyError) as refused:
        body(data, 10, **headers).read_all()
    assert refused.value.status == status


def test_a_bomb_is_not_unpacked() -> None:
    """Small when packed, too large when not."""
    for packed, encoding in (
        (gzip.compress(b"\0" * 5 * LIMIT), "gzip"),
        (bytes(cramjam.zstd.compress(b"\0" * 5 * LIMIT)), "zstd"),
    ):
        with pytest.raises(BodyError):
            body(packed, Content_Length=str(len(packed)), Content_Encoding=encoding).read_all()


FORM = Message()
FORM["Content-Type"] = "multipart/form-data; boundary=edge"


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,20}", fullmatch=True), st.text()))
def test_a_forms_fields_are_what_was_sent(fields: dict[str, str]) -> None:
    """As urllib3, which the official client uses, writes them; any text but the boundary itself."""
    sent, content_type = encode_multipart_formdata(fields)
    headers = Message()
    headers["Content-Type"] = content_type
    assert is_form(headers)
    assert fields_of(headers, sent) == fields


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 400),
        (b"no form", 400),
        (b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', 400),
        (b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n", 400),
        (b'--edge\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nx\r\n--edge--\r\n', 415),
    ],
)
def test_bad_forms_are_refused(sent: bytes, status: int) -> None:
    """Cut off, without names, or with files in it."""
    with pytest.raises(BodyError) as refused:
        fields_of(FORM, sent)
    assert refused.value.status == status
