"""The team's own small package in two releases, installed side by side as pip would lay them out."""

from pathlib import Path

from .commits import PACKAGE

_SOURCES = {
    "1.4.0": '''"""Days on which more people travel than usual."""

import datetime

_BUSY = {(7, 3), (7, 5), (7, 7), (8, 30), (9, 3), (1, 2), (5, 24), (5, 28), (2, 15), (2, 18)}


def is_busy(day: datetime.date) -> bool:
    return (day.month, day.day) in _BUSY
''',
    "1.5.0": '''"""Days on which more people travel than usual."""

import datetime

_BUSY = frozenset({"07-03", "07-05", "07-07", "08-30", "09-03", "01-02", "05-24", "05-28", "02-15", "02-18"})


def is_busy(day: datetime.date) -> bool:
    return f"{day:%m-%d}" in _BUSY
''',
}


def install(folder: Path) -> None:
    """Both releases under `folder`."""
    name = PACKAGE[0]
    module = name.replace("-", "_")
    for version, source in _SOURCES.items():
        packages = site_packages(folder, version)
        (packages / module).mkdir(parents=True)
        (packages / module / "__init__.py").write_text(source)
        facts = packages / f"{module}-{version}.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (facts / "RECORD").write_text(f"{module}/__init__.py,,\n")


def site_packages(folder: Path, version: str) -> Path:
    """What goes onto PYTHONPATH for that release."""
    return folder / version / "site-packages"
