"""Settings beside a result: everything that it was made by, in JSON, which `--from` repeats."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from murai import __version__
from murai.core.files import target_of
from murai.errors import ConfigError

_log = logging.getLogger(__name__)
_OTHER_FILE = "%s is another file than it was: the result will be another one"
_OTHER_FOLDER = "%s holds other files than it did: the results may be others"
_USUAL_MODE = 0o644  # temporary files are for their owner alone


def settings_file(result: Path, command: str) -> Path:
    """Where the settings of a result of `murai COMMAND` lie: within a folder, or beside a file, by all of its name."""
    return folder_settings(result, command) if result.is_dir() else result.with_name(f"{result.name}.json")


def folder_settings(folder: Path, command: str) -> Path:
    """Where those of a folder lie, which need not be there yet."""
    return folder / f"{command}.json"


def kept_settings(command: str, settings: Mapping[str, Any], files: Iterable[Path]) -> dict[str, Any]:
    """What is written beside a result of `murai COMMAND`.

    settings: as JSON has them. files: that decide what it looks like; they are kept by their digests. Of folders the
    names and sizes of their files count.
    """
    digests = {str(file): _digest(file, _output_of(settings)) for file in files if _counts(file)}
    return {"murai": __version__, "command": command, "settings": dict(settings), "sha256": digests}


def write_settings(file: Path, content: Mapping[str, Any]) -> None:
    """Writes settings, whole or not at all. Raises: OSError: they can't be written."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    file = target_of(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: the pieces of one folder's work write the same file at the same time.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".part", delete=False) as part:
        try:
            part.write(text)
            part.flush()
            os.chmod(part.name, _USUAL_MODE)
            os.replace(part.name, file)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise


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
    settings: dict[str, Any] = found["settings"]
    digests = found.get("sha256")
    for name, digest in digests.items() if isinstance(digests, dict) else ():
        source = Path(name)
        if _counts(source) and _digest(source, _output_of(settings)) != digest:
            _log.warning(_OTHER_FOLDER if source.is_dir() else _OTHER_FILE, source)
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


def _counts(file: Path) -> bool:
    """Not a device, which can't be read to its end, and nothing that is gone."""
    return file.is_file() or file.is_dir()


def _digest(file: Path, output: Path) -> str:
    """Of a file's content, or of the names and sizes of all that a folder holds but the output."""
    if not file.is_dir():
        return sha256(file)
    inside = sorted(each for each in file.rglob("*") if each.is_file() and not each.is_relative_to(output))
    listed = "".join(f"{each.relative_to(file)}\0{each.stat().st_size}\n" for each in inside)
    return hashlib.sha256(listed.encode(errors="surrogateescape")).hexdigest()


def _output_of(settings: Mapping[str, Any]) -> Path:
    return Path(str(settings.get("output", "")))
