"""Where packs are found by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from murai.core.paths import shipped
from murai.errors import StyleMissing
from murai.stylize.pack import Pack, read_pack

_USUAL = {"cuda": "gallery", "cpu": "gallery-lite"}


def find_pack(name: str, device: Literal["cpu", "cuda"] = "cpu") -> Pack:
    """The pack of that name in styles/, the folder of that path, or for "auto" the one that is made for the device.

    Raises:
        StyleMissing: there is none.
        PackError: it can't be read.
    """
    if name == "auto":
        return read_pack(shipped("styles") / _USUAL[device])
    for folder in (shipped("styles") / name, Path(os.path.expanduser(name))):
        if (folder / "pack.toml").is_file():
            return read_pack(folder)
    known = ", ".join(sorted(folder.name for folder in pack_folders())) or "none"
    raise StyleMissing(f"there is no style pack '{name}'", f"give a folder with a pack.toml, or one of: {known}")


def pack_folders() -> Iterator[Path]:
    """The folders of the packs that came with Murai, in the order of their names."""
    for file in sorted(shipped("styles").glob("*/pack.toml")):
        yield file.parent
