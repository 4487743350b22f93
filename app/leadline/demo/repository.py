"""The team's Git repository: the programs, one commit for each planted change, and a work tree for each commit."""

import os
import shutil
import subprocess
from datetime import date
from importlib import resources
from pathlib import Path

from leadline.core.errors import UsageError

from .commits import Commit
from .plan import Plan

_FIRST = ("Yuki Tanaka", "Predict late arrivals", date(2013, 6, 24))


class Repository:
    """Made anew under `folder`: `repository/` with the history, `deployed/COMMIT/` with the programs as of each commit."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        """Raises UsageError where git is missing."""
        self._trees = folder.resolve() / "deployed"
        self.path = folder / "repository"
        self.path.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")
        for source in resources.files(__package__).joinpath("jobs").iterdir():
            if source.name.endswith((".py", ".md")):
                (self.path / source.name).write_text(source.read_text())
        self.first = self._commit(*_FIRST)
        self._by_commit: dict[Commit, str] = {}
        for switch in plan.switches:
            if switch.commit and switch.commit not in self._by_commit:
                self._by_commit[switch.commit] = self._apply(switch.commit, switch.day)
        for sha in (self.first, *self._by_commit.values()):
            self._git("worktree", "add", "--quiet", "--detach", str(self._tree(sha)), sha)

    def sha(self, commit: Commit | None) -> str:
        """Of a planted commit; None: the first."""
        return self._by_commit[commit] if commit else self.first

    def has(self, sha: str) -> bool:
        return sha in (self.first, *self._by_commit.values())

    def program(self, job: str, commit: Commit | None) -> Path:
        """The job's program as of that commit, in a work tree of its own."""
        return self._tree(self.sha(commit)) / f"{job}.py"

    def show(self, sha: str) -> str:
        """Who changed what, as git shows it."""
        return self._git("show", "--no-color", "--format=commit %h%nAuthor: %an <%ae>%n%n    %s%n", "--unified=1", sha)

    def _tree(self, sha: str) -> Path:
        return self._trees / sha[:12]

    def _apply(self, commit: Commit, day: date) -> str:
        file = self.path / f"{commit.job}.py"
        source = file.read_text()
        if source.count(commit.before) != 1:
            raise AssertionError(f"{commit.message!r} must change one place of {file.name}")
        file.write_text(source.replace(commit.before, commit.after))
        return self._commit(commit.author, commit.message, day)

    def _commit(self, author: str, message: str, day: date) -> str:
        email = f"{author.partition(' ')[0].lower()}@late-arrivals.example"
        when = f"{day.isoformat()}T07:00:00Z"
        identity = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (("NAME", author), ("EMAIL", email), ("DATE", when))
        }
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message, environ=identity)
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str, environ: dict[str, str] | None = None) -> str:
        """Without the user's own configuration, so that hooks and signing of theirs stay out."""
        git = shutil.which("git")
        if git is None:
            raise UsageError("the demo makes a Git repository; install git")
        apart = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            [git, *arguments],
            cwd=self.path,
            env={**inherited, **apart, **(environ or {})},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout
