"""Settings beside a result: everything that it was made by, in JSON, which `--from` repeats."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from murai import __version__
from murai.errors import ConfigError

_log = logging.getLogger(__name__)


def kept_settings(command: str, settings: Mapping[str, Any], files: Iterable[Path]) -> dict[str, Any]:
    """What is written beside a result of `murai COMMAND`.

    settings: as JSON has them. files: that decide what it looks like; they are kept by their digests, but for folders.
    """
    digests = {str(file): sha256(file) for file in files if file.is_file()}
    return {"murai": __version__, "command": command, "settings": dict(settings), "sha256": digests}


def read_settings(file: Path, command: str) -> dict[str, Any]:
    """What `kept_settings` gave, with whatever else was written beside it.

    Raises:
        ConfigError: it can't be read, or is of something else.
    """
    remedy = f"name the .json that murai {command} left beside its result"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigError(f"can't read {file}: {fault.strerror}", remedy) from fault
    except ValueError as fault:
        raise ConfigError(f"{file} is no JSON: {fault}", remedy) from fault
    if not isinstance(found, dict) or found.get("command") != command or not isinstance(found.get("settings"), dict):
        raise ConfigError(f"{file} has no settings of murai {command}", remedy)
    return found


def repeated_settings(file: Path, command: str) -> dict[str, Any]:
    """The settings alone, to be used again; what has changed since is told.

    Raises:
        ConfigError: see `read_settings`.
    """
    found = read_settings(file, command)
    digests = found.get("sha256")
    for name, digest in digests.items() if isinstance(digests, dict) else ():
        if Path(name).is_file() and sha256(Path(name)) != digest:
            _log.warning("%s is another file than it was: the result will be another one", name)
    settings: dict[str, Any] = found["settings"]
    return settings


def overlaid(kept: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings, table by table, with those in their places that are given anew."""
    found = dict(kept)
    for name, value in given.items():
        below = found.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = overlaid(below, value)
        found[name] = value
    return found


def sha256(file: Path) -> str:
    """In hexadecimal; empty where the file can't be read any more."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""
