"""The team's repository and packages."""

import subprocess
import sys
from pathlib import Path

import pytest

from leadline.demo.commits import HARMFUL, HARMLESS, PACKAGE
from leadline.demo.packages import install, site_packages
from leadline.demo.plan import make_plan
from leadline.demo.repository import Repository

JOBS = Path(__file__).parents[3] / "app" / "leadline" / "demo" / "jobs"


@pytest.mark.parametrize("commit", [*HARMFUL, *HARMLESS], ids=lambda commit: commit.message.splitlines()[0])
def test_commit_changes_one_place(commit: object) -> None:
    """Each planted change fits its program, once, and leaves a program that compiles."""
    source = (JOBS / f"{commit.job}.py").read_text()  # type: ignore[attr-defined]
    assert source.count(commit.before) == 1  # type: ignore[attr-defined]
    compile(source.replace(commit.before, commit.after), commit.job, "exec")  # type: ignore[attr-defined]


def test_repository_has_a_clean_work_tree_for_each_commit(tmp_path: Path) -> None:
    """Programs run from checkouts in which nothing is changed, with the author of each commit known to git."""
    plan = make_plan(1)
    repository = Repository(tmp_path, plan)
    assert plan.culprit is not None
    assert plan.culprit.commit is not None
    program = repository.program(plan.culprit.job, plan.culprit.commit)
    assert plan.culprit.commit.after in program.read_text()
    assert plan.culprit.commit.before in repository.program(plan.culprit.job, None).read_text()
    assert _git(program.parent, "rev-parse", "HEAD") == repository.sha(plan.culprit.commit)
    assert _git(program.parent, "status", "--porcelain") == ""
    assert plan.culprit.commit.author in repository.show(repository.sha(plan.culprit.commit))


def test_commits_are_the_same_wherever_the_repository_is_made(tmp_path: Path) -> None:
    """The same seed gives the same commit ids, so that recordings can be compared."""
    first, second = Repository(tmp_path / "a", make_plan(1)), Repository(tmp_path / "b", make_plan(1))
    assert first.first == second.first


@pytest.mark.parametrize("version", PACKAGE[1:])
def test_package_reports_its_version(tmp_path: Path, version: str) -> None:
    """The team's package is found by Python's own metadata in the release that is on the path."""
    install(tmp_path)
    code = "import travel_days; from importlib.metadata import version; print(version('travel-days'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(site_packages(tmp_path, version))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == version


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
