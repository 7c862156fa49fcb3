"""Whether something is painted already, with the same settings and from the same files."""

from __future__ import annotations

import logging
from typing import Any

from murai.apps.painting_files import COMMAND, Result, files_of
from murai.apps.painting_options import PaintingOptions
from murai.apps.settings_files import read_settings, sha256
from murai.errors import ConfigError

_log = logging.getLogger(__name__)
_OF_NO_INFLUENCE = {"machine", "save_every"}  # on what is painted, but for rounding


def asked_of(options: PaintingOptions) -> dict[str, Any]:
    """What a painting depends on, as JSON has it: its settings, and the digests of its files by their paths."""
    said = options.model_dump(mode="json", exclude=_OF_NO_INFLUENCE)
    return said | {"sha256": {str(file): sha256(file) for file in files_of(options)}}


def is_painted(options: PaintingOptions) -> bool:
    """Whether the output was painted with these options; where it was with others, these are told."""
    result = Result(options.output)
    if not (options.output.exists() and result.settings.is_file()):
        return False
    if options.output.is_dir() and result.work.exists():  # some of its frames may be newer than its settings
        return False
    try:
        found = read_settings(result.settings, COMMAND)
    except ConfigError as fault:
        _log.warning("%s is painted again: %s", options.output, fault.what)
        return False
    before = {name: value for name, value in found["settings"].items() if name not in _OF_NO_INFLUENCE}
    others = differences(before | {"sha256": found.get("sha256")}, asked_of(options))
    if others:
        _log.warning(
            "%s was painted with other settings or files (%s), and is painted again", options.output, ", ".join(others)
        )
    return not others


def differences(one: dict[str, Any], other: dict[str, Any], within: str = "") -> list[str]:
    """The names, with dots, at which two settings differ."""
    found = []
    for name in dict.fromkeys([*one, *other]):
        left, right = one.get(name), other.get(name)
        if isinstance(left, dict) and isinstance(right, dict):
            found += differences(left, right, f"{within}{name}.")
        elif left != right:
            found.append(within + name)
    return found
