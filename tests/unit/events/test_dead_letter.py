"""Dead letters always fit into a message, whatever the original was."""

from hypothesis import given
from hypothesis import strategies as st

from leadline.events.codec import encode_body
from leadline.events.kafka import MAX_MESSAGE_BYTES
from leadline.events.keys import key_of
from leadline.events.messages import CUT_HEADER, dead_letter
from leadline.events.records import DeadLetter

_sizes = st.sampled_from([0, 1, 100_000, 600_000, 5_000_000, 10_300_000, 10_420_000, 12_000_000])


def letter(payload: int, key: int, value: int) -> DeadLetter:
    return dead_letter(
        consumer="sink", topic="leadline.runs", partition=1, offset=2, timestamp_ms=3, key=b"k" * key, payload=b"p" * payload,
        headers=[("h", b"v" * value)], reason="too_large", error="e" * 100_000, now=4, producer="t/1",
    )  # fmt: skip


@given(_sizes, _sizes, _sizes)
def test_every_dead_letter_fits(payload: int, key: int, value: int) -> None:
    """Value, key, headers and error of any size make a message that Kafka takes; what is cut is said to be."""
    made = letter(payload, key, value)
    assert len(encode_body(made)) + len(key_of(made)) < MAX_MESSAGE_BYTES - 1000
    cut = {header.key: header.value for header in made.headers}.get(CUT_HEADER)
    whole = len(made.payload) == payload and len(made.key) == key and [header.key for header in made.headers] == ["h"]
    assert cut == (None if whole else str(payload).encode())


def test_what_fits_is_kept_whole() -> None:
    """Up to a value of ten million bytes nothing is cut."""
    made = letter(10_000_000, 100, 1_000)
    assert (len(made.payload), len(made.key), len(made.headers)) == (10_000_000, 100, 1)
