"""What keys do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from murai.config import KeysConfig
from murai.errors import ConfigError

Command = Literal[
    "style",
    "next_style",
    "previous_style",
    "picture",
    "cancel",
    "more",
    "less",
    "own_colours",
    "blend",
    "split",
    "mirror",
    "original",
    "auto_change",
    "help",
    "fullscreen",
    "close",
    "quit",
    "reload",
]  # fmt: skip

# Entry of [keys], and what the help panel says of it.
_TOLD: tuple[tuple[str, str], ...] = (
    ("styles", "style 1, 2, …"),
    ("next_style", "next style"),
    ("previous_style", "previous style"),
    ("picture", "take a picture"),
    ("cancel", "don't post it"),
    ("more", "more of the style"),
    ("less", "less of the style"),
    ("own_colours", "the camera's own colours"),
    ("blend", "blend with the next style"),
    ("split", "split screen"),
    ("mirror", "mirror"),
    ("original", "original picture"),
    ("auto_change", "change styles by itself"),
    ("help", "help and figures"),
    ("fullscreen", "full screen"),
    ("close", "close, leave"),
    ("reload", "load styles and config again"),
    ("quit", "quit"),
)
_TOLD_UNDER_LOCK = {"close": "close this", "quit": "quit: hold for three seconds"}


@dataclass(frozen=True, slots=True)
class Action:
    """A command; `number` is the style's, from 0, for "style"."""

    command: Command
    number: int = 0


def actions_by_key(keys: KeysConfig) -> dict[str, Action]:
    """Which key does what.

    Raises:
        ConfigError: one key is to do two things.
    """
    bound: dict[str, Action] = {}
    for entry in KeysConfig.model_fields:
        for number, key in enumerate(getattr(keys, entry)):
            if key in bound:
                raise ConfigError(
                    f"keys.{entry}: {key} already does '{bound[key].command}'", "give each key one thing to do"
                )
            command: Command = "style" if entry == "styles" else cast(Command, entry)  # they have the same names
            bound[key] = Action(command, number if command == "style" else 0)
    return bound


def help_rows(keys: KeysConfig, styles: int, lock: bool) -> tuple[tuple[str, str], ...]:
    """Keys and what they do, for the help panel, with so many styles and with or without kiosk lock."""
    rows = []
    for entry, told in _TOLD:
        names: tuple[str, ...] = getattr(keys, entry)
        if entry == "styles":
            names = names[:styles]
        shown = f"{names[0]} to {names[-1]}" if entry == "styles" and len(names) > 2 else " or ".join(names)
        if names:
            rows.append((shown, _TOLD_UNDER_LOCK.get(entry, told) if lock else told))
    return tuple(rows)
