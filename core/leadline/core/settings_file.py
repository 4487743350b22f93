"""The settings of a TOML file: one key for each setting, by the names of `Settings`."""

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from .errors import UsageError
from .option import Option, unknown


def find_file(environ: Mapping[str, str]) -> Path | None:
    """LEADLINE_CONFIG, else leadline.toml of the working directory, else ~/.config/leadline/config.toml; None: there is none.

    Raises UsageError where LEADLINE_CONFIG names a file that is not there.
    """
    told = environ.get("LEADLINE_CONFIG")
    if told:
        path = Path(told).expanduser()
        if not path.exists():
            raise UsageError(f"LEADLINE_CONFIG names {path}, which is not there")
        return path
    home = environ.get("HOME") or ""
    folder = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    places = [Path("leadline.toml"), *([Path(folder) / "leadline" / "config.toml"] if folder else [])]
    return next((path for path in places if path.is_file()), None)


def read_file(path: Path, options: Mapping[str, Option], warn: Callable[[str], None]) -> dict[str, str]:
    """Raises UsageError for what is no TOML, an unknown key or a wrong value; `warn` is told where others can read a secret."""
    import tomllib

    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        # A message about TOML has places and no text of the file; one about its bytes would have some.
        reason = "it is not in UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise UsageError(f"cannot read the settings in {path}: {reason}") from None
    for key in found:
        if key not in options:
            raise unknown(key, options, str(path))
    values = {key: options[key].checked(value, f"{key} in {path}") for key, value in found.items()}
    if os.name == "posix" and any(options[key].secret for key in values) and _others_read(path):
        warn(f"{path} holds a secret that other accounts can read; chmod 600 {path}")
    return values


def _others_read(path: Path) -> bool:
    return path.is_file() and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
