"""How a command line is told in terms of a fresh checkout."""

import pytest

from leadline.history.launch import Launch, Word, launch

PYTHON = Word("python", "python")


@pytest.mark.parametrize(
    ("command", "folder", "path", "repository", "expected"),
    [
        pytest.param(
            "python train.py --depth 5",
            "/srv/churn",
            "train.py",
            "https://git/churn",
            Launch([PYTHON, Word("checkout", "train.py", "train.py"), Word("text", "--depth"), Word("text", "5")], "."),
            id="relative",
        ),
        pytest.param(
            "python -m jobs.train /srv/churn/data/in.csv /lake/in.csv",
            "/srv/churn/src",
            "src/jobs/train.py",
            "",
            Launch(
                [
                    PYTHON,
                    Word("text", "-m"),
                    Word("text", "jobs.train"),
                    Word("checkout", "/srv/churn/data/in.csv", "data/in.csv"),
                    Word("text", "/lake/in.csv"),
                ],
                "src",
            ),
            id="module, with paths within and without",
        ),
        pytest.param(
            "python ../churn/jobs/train.py",
            "/srv/elsewhere",
            "jobs/train.py",
            "",
            Launch([PYTHON, Word("checkout", "../churn/jobs/train.py", "jobs/train.py")], None),
            id="started from outside",
        ),
        pytest.param(
            "python -m jobs",
            "/srv/churn",
            "jobs/__main__.py",
            "",
            Launch([PYTHON, Word("text", "-m"), Word("text", "jobs")], "."),
            id="package",
        ),
        pytest.param(
            "gunicorn app",
            "/srv/churn/web",
            "",
            "/srv/churn",
            Launch([Word("text", "gunicorn"), Word("text", "app")], "web"),
            id="a repository without a remote is its root",
        ),
        pytest.param(
            "/opt/python3.12 /srv/churner/train.py",
            "/srv/churner",
            "train.py",
            "/srv/churn",
            Launch([Word("python", "/opt/python3.12"), Word("checkout", "/srv/churner/train.py", "train.py")], "."),
            id="a name that only begins alike is another folder",
        ),
        pytest.param("python 'cut", "/srv", "train.py", "", Launch([], None), id="cut"),
        pytest.param("", "", "", "", Launch([], None), id="nothing"),
    ],
)
def test_launch(command: str, folder: str, path: str, repository: str, expected: Launch) -> None:
    """The interpreter, paths below the checkout and the working directory are found; all else stays as it was."""
    assert launch(command, folder, path, repository) == expected
