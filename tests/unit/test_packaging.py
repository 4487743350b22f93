"""The namespace package holds together, and the base install stays small."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("core", "schemas", "producers", "processors", "sinks", "app")


def test_no_package_hides_the_others() -> None:
    """One leadline/__init__.py anywhere would make every other source root vanish."""
    assert [path for root in SOURCE_ROOTS for path in ROOT.glob(f"{root}/leadline/__init__.py")] == []


def test_typed_packages_say_so() -> None:
    """Every package that users import carries py.typed, else type checkers ignore its annotations."""
    for package in ("producers/leadline/track", "schemas/leadline/events", "core/leadline/core", "core/leadline/history"):
        assert (ROOT / package / "py.typed").exists(), f"{package}/py.typed is missing"


def test_base_dependencies_are_at_most_a_dozen() -> None:
    """A producing job takes the base install beside its own packages."""
    locked = (ROOT / "requirements" / "base.txt").read_text().splitlines()
    assert sum("==" in line for line in locked) <= 11


def test_base_dependencies_in_the_lock_match_pyproject() -> None:
    """requirements/base.txt is what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {line.split("==")[0] for line in (ROOT / "requirements" / "base.txt").read_text().splitlines() if "==" in line}
    assert {name.split(">")[0] for name in project["dependencies"]} <= locked


def test_track_imports_nothing_heavy() -> None:
    """`from leadline import track` loads neither Faust nor ClickHouse nor numpy, which a job may have in other versions."""
    probe = (
        "import sys; from leadline import track; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'faust', 'aiokafka', 'clickhouse_connect', 'chdb', 'numpy', 'pandas', 'rich', 'psutil', 'prometheus_client'}))"
    )
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
