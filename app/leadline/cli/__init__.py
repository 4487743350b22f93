"""The command `leadline`: one command per file, loaded only when it is called, so that a bare install has what it can run."""

import importlib
import os
import sys

import click

from leadline.core.errors import LeadlineError, Unavailable, UsageError

_COMMANDS = {
    "alerts": "alerts",
    "audit": "audit",
    "bound": "bound",
    "dead-letters": "dead_letters",
    "demo": "demo",
    "diff": "diff",
    "doctor": "doctor",
    "emit": "emit",
    "exec": "exec",
    "explain": "explain",
    "export": "export",
    "lineage": "lineage",
    "logs": "logs",
    "migrate": "migrate",
    "nodes": "nodes",
    "report": "report",
    "run": "run",
    "runs": "runs",
    "show": "show",
    "sql": "sql",
    "trend": "trend",
    "up": "up",
    "worker": "worker",
}
"""Command to module of this package; each module has a click command named `command`."""

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNAVAILABLE = 3


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        try:
            command = importlib.import_module(f"{__name__}.{module}").command
        except ModuleNotFoundError as error:
            if not error.name or error.name.startswith("leadline"):
                raise
            return _not_installed(cmd_name, error.name)
        assert isinstance(command, click.Command)
        return command


def _not_installed(name: str, package: str) -> click.Command:
    """Stands in the list of commands on an install without the command's extra, and says what is needed."""

    def refuse() -> None:
        raise UsageError(f"this command needs the package {package}: pip install 'leadline[local]'")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    help_text = "Needs more than this install has: pip install 'leadline[local]'."
    return click.Command(name, callback=refuse, help=help_text, context_settings=settings)


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="leadline")
def leadline() -> None:
    """Say what ran, on which data, code and model, whether it worked, whom to call, and what changed.

    \b
    Start here:   leadline up        the whole stack on this machine
                  leadline demo      a team's quarter on real data
                  leadline doctor    what is reachable and what lags
    Exit codes: 0 done, 1 failed or nothing found, 2 wrong use, 3 a server cannot be reached.
    """


def main() -> None:
    """Runs the command; an error of ours is one sentence on stderr and an exit code that means something."""
    try:
        try:
            _run()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, since at exit a broken pipe could only be printed
    except BrokenPipeError:
        _end_quietly()


def _run() -> None:
    try:
        leadline.main(prog_name="leadline")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("leadline"):
            raise
        _fail(f"this command needs the package {error.name}: pip install 'leadline[local]'", EXIT_USAGE)
    except UsageError as error:
        _fail(str(error), EXIT_USAGE)
    except Unavailable as error:
        _fail(str(error), EXIT_UNAVAILABLE)
    except LeadlineError as error:
        _fail(str(error), EXIT_FAILED)


def _fail(sentence: str, code: int) -> None:
    click.echo(f"leadline: {sentence}", err=True)
    sys.exit(code)


def _end_quietly() -> None:
    """Whoever read our output (head, less) has gone: nothing is wrong, and nothing can be said any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    sys.exit(EXIT_FAILED)
