"""`data=`: what a job hands over is described within the call, and never hurts the job."""

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from leadline import track
from leadline.core.errors import UsageError
from leadline.core.settings import Settings
from leadline.events.records import RunEvent, VersionDescribed
from leadline.track import testing
from leadline.track.described import artifact_node
from leadline.track.lines import read_line
from leadline.track.testing import Captured
from leadline.track.versions import describe as describing
from leadline.track.versions import files

captured = testing.captured  # instead of the fixture that reads back the spool

FRAME = pl.DataFrame({"age": [31, 47, 52], "plan": ["a", "b", None]})
FEATURES = track.dataset("s3://lake", "features")


def test_a_frame_gives_the_node_its_versions(captured: Captured) -> None:
    """The node that comes back, the run's input and the description all name the same version."""
    with track.run("score", "airflow://prod") as run:
        node = run.input("s3://lake", "features", data=FRAME)
        run.metric("rows", 3, of=node)
        run.output("s3://lake", "scores", version="2026-11-21", schema_version="mine", data=FRAME)
    told = captured.run("score")
    assert node.version.startswith("sha256:")
    assert told.input("features") == node
    assert told.output("scores") == track.dataset("s3://lake", "scores", "2026-11-21", schema_version="mine")
    version = told.version("features")
    assert (version.of, version.rows, version.run_id) == (node, 3, run.run_id)
    assert version.class_name == "polars.dataframe.frame.DataFrame"
    assert version.column("plan").null_share == pytest.approx(1 / 3)
    assert told.version("scores").of.version == "2026-11-21"
    assert told.metric("rows").of.version == node.version


def test_options_of_a_profile_are_passed_on(captured: Captured) -> None:
    with track.run("j") as run:
        run.input("n", "lazy", data=FRAME.lazy())
        run.input("n", "computed", data=FRAME.lazy(), profile=True, frequent=["plan"])
        run.output("n", "counted", data=FRAME, profile=False)
    told = captured.run("j")
    assert (told.version("lazy").rows, told.version("lazy").column("age").mean) == (None, None)
    assert (told.version("computed").rows, told.version("computed").column("plan").frequent) == (3, {"a": 1, "b": 1})
    assert (told.version("counted").rows, told.version("counted").column("age").mean) == (3, None)


def test_a_snapshot_outside_of_a_run(captured: Captured) -> None:
    """And inside of one it is the run's, though neither input nor output."""
    node = track.snapshot(FEATURES, FRAME)
    with track.run("j") as run:
        assert track.snapshot(FEATURES, pa.table(FRAME.to_dict(as_series=False))) == node
    outside, inside = captured.versions(of=node)
    assert (outside.run_id, inside.run_id) == ("", run.run_id)
    assert (captured.run("j").inputs(), captured.run("j").version("features")) == ([], inside)


def test_artifacts_are_outputs_by_the_jobs_name(captured: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the same report of each run is one node, whatever folder the run worked in."""
    monkeypatch.chdir(tmp_path)
    Path("reports").mkdir()
    Path("reports/roc.png").write_bytes(b"picture")
    with track.run("churn.train", "airflow://prod") as run:
        roc = run.artifact("reports/roc.png")
        again = run.artifact(tmp_path / "reports" / "roc.png")
        folder = run.artifact(Path("reports"))
        settings = run.artifact({"depth": 5, "seed": None}, "settings")
    assert (roc.kind, roc.namespace, roc.name) == ("ARTIFACT", "airflow://prod", "churn.train/reports/roc.png")
    assert (again.name, again.version) == ("churn.train/roc.png", roc.version)
    told = captured.run("churn.train")
    assert {node.name for node in told.outputs()} == {roc.name, again.name, folder.name, "settings"}
    assert (told.version(roc.name).size_bytes, told.version(roc.name).format) == (7, "image/png")
    assert told.version(roc.name).content_hash == roc.version
    assert told.version(folder.name).files == 1
    assert (told.version("settings").format, settings.version[:7]) == ("application/json", "sha256:")


def test_names_of_artifacts() -> None:
    """A URL is named as OpenLineage names it."""
    job = track.node("JOB", "airflow://prod", "train")

    def named(data: Any, name: str = "", namespace: str = "") -> tuple[str, str]:
        node = artifact_node(job, data, name, namespace, "")
        return node.namespace, node.name

    assert named("s3://lake/reports/roc.png") == ("s3://lake", "reports/roc.png")
    assert named("s3://lake/reports/roc.png", "roc") == ("airflow://prod", "roc")
    assert named("../up/roc.png") == named("/tmp/x/roc.png") == ("airflow://prod", "train/roc.png")
    assert named("roc.png", namespace="reports") == ("reports", "train/roc.png")
    assert named({}, "settings") == ("airflow://prod", "settings")
    with pytest.raises(UsageError, match=r"needs a name: run\.artifact\(\.\.\., name='settings'\)"):
        named({})


def test_the_order_of_a_configuration_is_no_part_of_it(captured: Captured) -> None:
    with track.run("j") as run:
        assert run.artifact({"a": 1, "b": 2}, "c") == run.artifact({"b": 2, "a": 1}, "c") != run.artifact({"a": 1}, "c")


def test_a_large_file_is_hashed_in_the_background(captured: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job goes on with a version of a sample; the whole hash is told of it as soon as it is known."""
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    path, go = tmp_path / "model.bin", threading.Event()
    path.write_bytes(bytes(100_000))
    real = files.file_hash

    def patient(path: Path) -> str:
        assert go.wait(60)
        return real(path)

    monkeypatch.setattr(files, "file_hash", patient)
    with track.run("train") as run:
        node = run.artifact(path)
    assert node.version.startswith("sample:")
    assert captured.version(node.name).content_hash == ""
    go.set()
    assert track.flush(60)
    assert captured.version(node.name).content_hash == real(path)
    assert {event.version for event in captured.of(VersionDescribed)} == {node.version}
    assert (captured.version(node.name).size_bytes, captured.version(node.name).run_id) == (100_000, run.run_id)


class Hostile:
    """Raises whatever it is asked."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("no")

    def __len__(self) -> int:
        raise RuntimeError("no")


class HostileFrame(pd.DataFrame):
    @property
    def iloc(self) -> Any:
        raise RuntimeError("no")

    def __len__(self) -> int:
        raise RuntimeError("no length")


AWKWARD: dict[str, Callable[[], Any]] = {
    "hostile": Hostile,
    "a frame that fails": lambda: HostileFrame({"a": [1]}),
    "no file": lambda: "/nowhere/at/all",
    "no scheme": lambda: "nonsense://x",
    "no bytes": lambda: b"",
    "no path": lambda: "",
    "no JSON": lambda: {(): 1},
}


@pytest.mark.parametrize("name", AWKWARD)
def test_nothing_that_is_handed_over_hurts_the_job(captured: Captured, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """The input is there without a version, and one line says why."""
    data = AWKWARD[name]()
    with caplog.at_level(logging.WARNING), track.run("j") as run:
        assert run.input("s3://lake", "features", data=data).name == "features"
        run.input("s3://lake", "others", data=data)
    assert captured.run("j").state == "COMPLETE"
    assert len(captured.run("j").inputs()) == 2
    assert [record.getMessage()[:9] for record in caplog.records] in ([], ["leadline:"])
    assert captured.dropped in ({}, {"VersionDescribed": {"undescribed": 2}})


def test_what_could_not_be_described_is_counted_and_said_once(captured: Captured, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), track.run("j") as run:
        run.input("s3://lake", "features", data="/nowhere/at/all")
        run.input("s3://lake", "features", data="/nowhere/else")
    assert [record.getMessage() for record in caplog.records] == [
        "leadline: dataset:s3://lake/features is sent without a description: "
        "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/at/all'"
    ]
    assert captured.dropped == {"VersionDescribed": {"undescribed": 2}}


def test_without_narwhals_it_says_what_to_install(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install has none: an input is an input all the same."""

    def missing(data: object) -> bool:
        raise ModuleNotFoundError("No module named 'narwhals'", name="narwhals")

    monkeypatch.setattr(describing, "is_frame", missing)
    with track.run("j") as run:
        run.input(FEATURES, data=FRAME)
        run.input(FEATURES, data=object())
    assert 'pip install "leadline[data]"' in track.api.default_client().last_warning
    assert captured.dropped == {"VersionDescribed": {"undescribed": 1}}


def test_wrong_use_says_what_to_write() -> None:
    """Also where everything is switched off."""
    client = track.Client(Settings(), disabled=True)
    with track.Run(client, "j") as run:
        with pytest.raises(UsageError, match="profile is 'yes'"):
            run.input("n", "x", data=FRAME, profile="yes")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"for example \['plan'\]"):
            run.input("n", "x", data=FRAME, frequent="plan")
        with pytest.raises(UsageError, match="needs a name"):
            run.artifact({"a": 1})
    with pytest.raises(UsageError, match="node is 'features'"):
        client.snapshot(None, "features", FRAME, profile=None, frequent=())  # type: ignore[arg-type]


def test_switched_off_nothing_is_looked_at() -> None:
    """No file is read, no frame touched."""
    client = track.Client(Settings(), disabled=True)
    with track.Run(client, "j") as run:
        assert run.input("n", "x", data=Hostile()) == track.dataset("n", "x")
        assert run.artifact("gone.png").version == ""
    assert not any(client.stats())


def test_secrets_in_what_is_described_are_redacted(captured: Captured) -> None:
    """Parameters and attributes go through the same redaction as all texts."""
    from sklearn.base import BaseEstimator

    class Remote(BaseEstimator):  # type: ignore[misc]  # has no types
        def __init__(self, api_key: str = "") -> None:
            self.api_key = api_key

    with track.run("j") as run:
        run.output(track.model("n", "m"), data=Remote("hunter2hunter2"))
    assert captured.version("m").parameters == {"api_key": "[redacted]"}


def test_failures_show_what_was_described(captured: Captured) -> None:
    with track.run("j") as run:
        run.input("s3://lake", "features", "v1", data=FRAME)
    version = captured.version("features")
    assert repr(version) == "<version of dataset:s3://lake/features@v1: 3 rows, 2 columns, polars.dataframe.frame.DataFrame>"
    with pytest.raises(AssertionError, match=r"version 'scores' of <run 'j' .* was not captured; there were:\n  <version of"):
        captured.run("j").version("scores")
    with pytest.raises(AssertionError, match=r"column 'AGE' of <version .*\n  <column 'age' int64, 0.0% missing>"):
        version.column("AGE")


def test_a_described_output_gives_no_readings(captured: Captured) -> None:
    """Metrics are what the user asks for."""
    with track.run("j") as run:
        run.output("n", "x", data=FRAME)
    assert captured.metrics() == []
    assert len(captured.of(RunEvent)) == 2


def test_the_widest_profile_fits_into_a_message(captured: Captured) -> None:
    """1,000 columns with 20 bins each and long names."""
    import numpy as np

    wide = pd.DataFrame(np.random.default_rng(3).normal(size=(1_000, 1_000)), columns=[f"{'x' * 500}{n}" for n in range(1_000)])
    with track.run("j") as run:
        run.output("n", "x", data=wide, frequent=list(wide.columns))
    assert len(captured.version("x").columns) == 1_000
    assert captured.dropped == {}


def test_a_description_may_come_as_a_line_too() -> None:
    """From a program that is not Python, by `leadline emit`."""
    line = b'{"record": "VersionDescribed", "source": "r", "kind": "DATASET", "namespace": "n", "name": "x", "rows": 3}'
    event = read_line(line, 1_000_000, "emit/1")
    assert isinstance(event, VersionDescribed)
    assert (event.rows, event.columns) == (3, [])


def test_without_fsspec_a_url_says_what_to_install(captured: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install has none."""
    monkeypatch.setitem(sys.modules, "fsspec", None)  # its import fails
    with track.run("j") as run:
        run.input(FEATURES, data="s3://lake/features")
    assert "s3:// is looked at through fsspec; pip install fsspec" in track.api.default_client().last_warning
