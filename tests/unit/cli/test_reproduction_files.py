"""run.sh, requirements.txt and README.md with any text in what was captured."""

import shlex
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.cli.reproduction_files import files_of, readme, requirements_text, run_script
from leadline.history.launch import REDACTED
from leadline.history.reproduction import Input, Reproduction, reproduction, requirements
from leadline.history.run_record import Origin, RunRecord
from leadline.history.runs import Run, RunExtent

HOSTILE = "'; touch pwned; $(touch pwned) `touch pwned`\ntouch pwned # \\\" \x1b[31m"
words = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=20).filter(
    lambda word: REDACTED not in word
)


def _reproduction(command: str = "", inputs: tuple[Input, ...] = (), **fields: Any) -> Reproduction:
    run: dict[str, Any] = dict.fromkeys(Run.__struct_fields__, "") | {
        "started_at": 0,
        "ended_at": None,
        "code_dirty": False,
        "engine": "python/3.12.1",
        **{name: value for name, value in fields.items() if name in Run.__struct_fields__},
    }
    extent: dict[str, Any] = dict.fromkeys(RunExtent.__struct_fields__, "") | {
        "command": command,
        "parameters": {},
        "packages": {},
        **{name: value for name, value in fields.items() if name in RunExtent.__struct_fields__},
    }
    record = RunRecord(Run(**run), RunExtent(**extent), Origin("", fields.get("producer", "")), [], [])
    return reproduction(record, inputs, None)


def _input(location: str, content_hash: str) -> Input:
    return Input("DATASET", "lake", "in", content_hash, True, location, content_hash, None, "", None, "")


def _sh(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[bytes]:
    (folder / "run.sh").write_text(script)
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", **environ}
    return subprocess.run(["sh", folder / "run.sh"], cwd=folder, env=environ, capture_output=True, timeout=30, check=False)


@given(st.lists(words, max_size=4))
def test_the_command_gets_the_words_that_it_had(tmp_path_factory: pytest.TempPathFactory, given_words: list[str]) -> None:
    """Whatever is in them, the shell runs nothing of it."""
    script = run_script(_reproduction(shlex.join(["printf", "%s\\0", "-", *given_words])))
    done = _sh(script, tmp_path_factory.mktemp("run"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(b"\0")[1:-1] == [word.encode() for word in given_words]


def test_nothing_that_was_captured_is_executed(tmp_path: Path) -> None:
    """Not from the repository's name, the working directory, a location or a parameter either; nor does it steer a terminal."""
    found = _reproduction(
        shlex.join(["true", HOSTILE]),
        (_input(f"/{HOSTILE}", f"sha256:{HOSTILE}"),),
        code_repository=HOSTILE,
        code_commit="a" * 40,
        code_path=HOSTILE,
        working_directory=HOSTILE,
        parameters={HOSTILE: HOSTILE},
        packages={HOSTILE: "1", "numpy": HOSTILE, "--index-url=x": "1", "six": "1.17.0"},
        run_id=HOSTILE,
    )
    for anyway in ("", "1"):
        assert _sh(run_script(found), tmp_path, ANYWAY=anyway).returncode != 0
    assert not list(tmp_path.rglob("pwned"))
    assert requirements_text(found) == "# Python 3.12.1\nsix==1.17.0\n"
    assert "\x1b" not in readme(found)
    assert "\ntouch pwned" not in readme(found)


def test_inputs_are_looked_at_before(tmp_path: Path) -> None:
    """A file that changed or is gone ends it before the command; ANYWAY=1 runs it on what there is."""
    path = tmp_path / "it's in.csv"
    path.write_text("1\n")
    inputs = (_input(str(path), f"sha256:{sha256(b'1' + bytes([10])).hexdigest()}"),)
    script = run_script(_reproduction("echo ran", inputs))
    assert _sh(script, tmp_path).stdout == b"ran\n"
    path.write_text("2\n")
    changed = _sh(script, tmp_path)
    assert (changed.returncode, changed.stdout, b"is not what the run read" in changed.stderr) == (1, b"", True)
    assert _sh(script, tmp_path, ANYWAY="1").stdout == b"ran\n"
    path.unlink()
    assert b"is not here" in _sh(script, tmp_path).stderr


def test_secrets_are_asked_for(tmp_path: Path) -> None:
    """Each redacted part of the command line is a variable of its own; without it nothing runs."""
    script = run_script(_reproduction("echo --token '[redacted]' 'db://ada:[redacted]@host' end"))
    assert _sh(script, tmp_path).returncode != 0
    assert _sh(script, tmp_path, SECRET_1="a b", SECRET_2="c").stdout == b"--token a b db://ada:c@host end\n"


def test_a_command_that_is_not_known(tmp_path: Path) -> None:
    """The script says so."""
    done = _sh(run_script(_reproduction()), tmp_path)
    assert (done.returncode, done.stderr) == (1, b"run.sh: the command line is not known\n")


def test_what_is_no_version_of_python_names_no_interpreter() -> None:
    """It would stand where a shell looks for what to execute."""
    found = _reproduction("python job.py", engine="python/3.$(touch pwned)")
    assert "${PYTHON:-python3}" in run_script(found)
    assert "python" in {one.what for one in found.missing}


def test_files() -> None:
    """What is missing stands in the README, and the interpreter of the run's minor version makes the environment."""
    found = _reproduction("python job.py", code_path="job.py", working_directory="/srv")
    files = files_of(found)
    assert set(files) == {"requirements.txt", "run.sh", "README.md"}
    assert "## Missing\n\n- the commit of the code is not known" in files["README.md"]
    assert '"${PYTHON:-python3.12}" -m venv' in files["run.sh"]
    assert "git clone" not in files["run.sh"]
    assert "cd -- /srv\n" in files["run.sh"]


@pytest.mark.parametrize(
    ("repository", "commit", "fetched"),
    [("git@host:churn", "a" * 40, True), ("git@host:churn", "--upload-pack=x", False), ("", "a" * 40, False)],
)
def test_only_a_commit_is_fetched(repository: str, commit: str, fetched: bool) -> None:
    """What is no commit is not given to git."""
    found = _reproduction("true", code_repository=repository, code_commit=commit)
    assert ("git clone" in run_script(found)) is fetched
    assert ("code" in {one.what for one in found.missing}) is not fetched


@pytest.mark.parametrize(
    ("container", "missing"),
    [
        ("", False),
        ("churn@sha256:12", False),
        ("churn:1.4", True),
        ("0123456789ab", True),
    ],
)
def test_image(container: str, missing: bool) -> None:
    """Without a digest, or with a container's id alone, the image is missing; a run outside of containers has none."""
    assert ("image" in {one.what for one in _reproduction("true", container=container).missing}) is missing


def test_packages_of_a_job_that_imported_none() -> None:
    """It is known that there were none where our own library told; of others nothing is known."""
    ours, other = (_reproduction("true", producer=producer) for producer in ("leadline.track/0.1.0", "spark/3.5"))
    assert "packages" not in {one.what for one in ours.missing}
    assert "packages" in {one.what for one in other.missing}
    assert requirements({}, "leadline.track/unknown") == []
