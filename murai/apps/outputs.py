"""What commands see to before they write: that no file takes another one's place, and that names end as they should."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from murai.core.files import same_file, takes_a_stream
from murai.errors import ConfigError

_DASH = Path("-")


def check_apart(written: Mapping[str, Path | None], read: Mapping[str, Path]) -> None:
    """Sees to it that each file to write is one of its own; devices and pipes may take several.

    written: by option, None where it wasn't given. read: by what people call it.

    Raises:
        ConfigError: two of them are one file, or one is called "-".
    """
    given = {option: file for option, file in written.items() if file is not None}
    for option, file in given.items():
        if file == _DASH:
            raise ConfigError(f"{option} - is no file", "name a file")
        for what, source in read.items():
            if same_file(file, source):
                raise ConfigError(f"{option} {file} would replace {what}", "name another file")
    for (option, file), (other, beside) in combinations(given.items(), 2):
        if same_file(file, beside) and not takes_a_stream(file):
            raise ConfigError(f"{option} and {other} are both {file}", "name two files")


def check_ending(option: str, file: Path, *known: str) -> None:
    """Sees to it that a file's name says what will be in it.

    Raises:
        ConfigError: it ends otherwise.
    """
    if file.suffix.lower() not in known:
        raise ConfigError(f"{option} {file}: it is written as {' or '.join(known)}", "name the file so")
