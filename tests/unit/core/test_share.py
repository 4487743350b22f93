"""When too much is unreadable."""

from leadline.core.share import UnreadableShare


def test_few_messages_decide_nothing() -> None:
    """A quiet topic with one bad message is no reason to stop; a hundred bad ones are."""
    share = UnreadableShare()
    share.saw(99, 99)
    assert not share.too_large
    share.saw(1, 1)
    assert share.too_large


def test_a_hundred_among_thousands_go_on_and_a_turn_is_seen() -> None:
    """What was good long ago does not hide that now everything is bad."""
    share = UnreadableShare()
    share.saw(100, 20_000)
    assert not share.too_large
    for _ in range(20):
        share.saw(1_000, 1_000)
    assert share.too_large
