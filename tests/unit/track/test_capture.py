"""What is captured without being told."""

import shutil
import subprocess
from pathlib import Path

import pytest

from leadline import track
from leadline.events.records import RunEvent
from leadline.track.facts import Facts
from leadline.track.git import code_facts
from leadline.track.packages import Packages
from leadline.track.parent import RunRef, from_environ, to_environ
from leadline.track.process import container

from .conftest import Captured


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "jobs").mkdir(parents=True)
    (folder / "jobs" / "score.py").write_text("print('one')\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def test_the_commit_of_the_entry_point_is_known(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the working directory is; without a remote the repository is its folder."""
    monkeypatch.chdir("/")
    facts = code_facts(repository / "jobs" / "score.py", 10)
    assert facts == {
        "code_repository": str(repository),
        "code_commit": git(repository, "rev-parse", "HEAD"),
        "code_branch": "main",
        "code_path": "jobs/score.py",
        "code_dirty": False,
    }


def test_a_changed_file_makes_the_checkout_dirty(repository: Path) -> None:
    """A file that git does not know does not: results and caches lie about everywhere."""
    (repository / "result.csv").touch()
    assert code_facts(repository / "jobs" / "score.py", 10)["code_dirty"] is False
    (repository / "jobs" / "score.py").write_text("print('two')\n")
    assert code_facts(repository / "jobs" / "score.py", 10)["code_dirty"] is True


def test_a_remote_names_the_repository_without_its_password(repository: Path) -> None:
    """Tokens in URLs stay where they are."""
    git(repository, "remote", "add", "origin", "https://user:secret@git.example.org/team/churn.git")
    git(repository, "checkout", "-q", "--detach")
    facts = code_facts(repository / "jobs" / "score.py", 10)
    assert (facts["code_repository"], facts["code_branch"]) == ("https://git.example.org/team/churn.git", "")


def test_without_a_repository_the_path_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No git, no repository, no commit yet: nothing fails."""
    monkeypatch.chdir(tmp_path)
    assert code_facts(tmp_path / "x.py", 10) == {"code_path": str(tmp_path / "x.py")}
    git(tmp_path, "init", "-q")
    assert code_facts(None, 10) == {}
    monkeypatch.setenv("PATH", "/nowhere")
    assert code_facts(None, 10) == {}


def test_a_slow_git_is_asked_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """START does not wait for it for long."""
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
    slow.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path), prepend=":")
        facts = Facts()
        assert facts.look(None) is False
        assert "code_commit" not in facts.of_run(None)
    assert facts.look(None, patient=True) is True
    assert "code_commit" in facts.of_run(None)


def test_a_run_that_is_over_before_git_answers_tells_the_code_at_its_end(
    captured: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git that is slow once: START does not wait for it, and nobody is left whom a later event could tell."""
    once = tmp_path / "git"
    asked = tmp_path / "asked"
    first = f"[ -e {asked} ] || {{ touch {asked}; exec /bin/sleep 30; }}"
    once.write_text(f'#!/bin/sh\n{first}\nexec {shutil.which("git")} "$@"\n')
    once.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with track.run("j"):
        pass
    start, end = captured.of(RunEvent)
    assert start.code_hash == end.code_hash != ""
    assert (start.code_commit, bool(end.code_commit)) == ("", True)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("proc/self/cgroup", f"0::/docker/{'a' * 64}\n", "a" * 64),
        ("proc/self/cgroup", f"0::/kubepods/pod1/cri-containerd-{'b' * 64}.scope\n", "b" * 64),
        ("proc/self/mountinfo", f"1 2 0:1 /var/lib/docker/containers/{'c' * 64}/hostname /etc/hostname\n", "c" * 64),
        ("run/.containerenv", 'engine="podman"\nimage="quay.io/team/churn:7"\n', "quay.io/team/churn:7"),
        ("proc/self/cgroup", "0::/user.slice\n", ""),
    ],
)
def test_a_container_is_recognised(tmp_path: Path, file: str, text: str, expected: str) -> None:
    """Docker, Kubernetes and podman; nothing outside of containers."""
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert container(tmp_path) == expected


def test_packages_are_those_that_were_imported() -> None:
    """Under the distribution's name, whatever the module is called; ours are not the job's."""
    found = Packages().imported()
    assert found["pytest"] == pytest.__version__
    assert not found.keys() & {"leadline", "msgspec", "confluent-kafka", "fastavro"}


def test_the_environment_carries_a_parent_of_any_name() -> None:
    """What one process writes, the next reads."""
    parent = RunRef("r/1", "airflow://prod", 'job "☕"\n', "root", "n", "j")
    assert from_environ(to_environ(parent)) == parent


def test_openlineages_variable_is_understood_too() -> None:
    """The namespace holds slashes itself."""
    assert from_environ({"OPENLINEAGE_PARENT_ID": "airflow://prod/dag.task/0194-run"}) == RunRef(
        "0194-run", "airflow://prod", "dag.task"
    )


@pytest.mark.parametrize("text", ["", "x", "{", '{"run_id": 3}', "a/b"])
def test_a_parent_that_cannot_be_understood_is_none(text: str) -> None:
    """Somebody else's variable breaks nothing."""
    assert from_environ({"LEADLINE_PARENT_RUN": text, "OPENLINEAGE_PARENT_ID": text}) == RunRef()
