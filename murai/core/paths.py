"""Where Murai's own files lie, and where it keeps what it makes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from platformdirs import PlatformDirs

_DIRS = PlatformDirs("murai", appauthor=False)
_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(folder: str) -> Path:
    """The folder `styles` or `configs`: in the checkout, or in the installed package's data."""
    checkout = _PACKAGE.parent / folder
    # An installed package lies in site-packages, beside which a stranger's `styles` may stand.
    inside_checkout = (_PACKAGE.parent / "pyproject.toml").is_file()
    return checkout if inside_checkout else _PACKAGE / "data" / folder


def find_config(file: Path) -> Path:
    """The file itself, or where there is none by that bare name, the one that came with Murai."""
    named = shipped("configs") / file
    return named if len(file.parts) == 1 and not file.exists() and named.is_file() else file


def state_folder() -> Path:
    """For what must outlive a restart: the outbox. $XDG_STATE_HOME/murai, made when first used."""
    return Path(_DIRS.user_state_dir)


def cache_folder() -> Path:
    """For what can be found out again. $XDG_CACHE_HOME/murai, made when first used."""
    return Path(_DIRS.user_cache_dir)


def pictures_folder() -> Path:
    """For visitors' pictures, where the config names no folder."""
    return Path(_DIRS.user_pictures_dir) / "Murai"


def runtime_folder() -> Path:
    """For locks that go with the session: in $XDG_RUNTIME_DIR, where that usually points, or the temporary folder.

    platformdirs knows these too, and warns on the terminal of whoever has no session (cron, a container).
    """
    given = os.environ.get("XDG_RUNTIME_DIR")
    usual = Path(f"/run/user/{os.getuid()}")
    if given or os.access(usual, os.W_OK):
        return Path(given or usual) / "murai"
    return Path(tempfile.gettempdir()) / f"murai-{os.getuid()}"
