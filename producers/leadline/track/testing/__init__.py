"""Test what a job reports, without Kafka: `from leadline.track.testing import captured` is a pytest fixture.

    def test_score(captured: Captured) -> None:
        score()
        assert captured.run("churn.score").metric("auc").value > 0.8

`capture()` is the same as a context manager, for wider scopes and where there is no pytest. Nothing here is a pytest entry
point: that would load Leadline into every test session of every environment that has it.

PYTEST_DONT_REWRITE, so that `pytest_plugins = ["leadline.track.testing"]` may follow an import of it.
"""

from collections.abc import Iterator

from .capture import capture
from .events import Captured
from .metrics import CapturedMetric
from .runs import CapturedRun
from .versions import CapturedVersion

try:
    import pytest
except ModuleNotFoundError:  # `capture` needs none
    pass
else:

    @pytest.fixture(name="captured")
    def captured() -> Iterator[Captured]:
        """What the test's code reports through `leadline.track`, as Kafka would get it; nothing leaves the process."""
        with capture() as everything:
            yield everything


__all__ = ["Captured", "CapturedMetric", "CapturedRun", "CapturedVersion", "capture", "captured"]
