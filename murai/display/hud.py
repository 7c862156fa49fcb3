"""What is written over the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message, such as "Saved" or "Camera lost: plug it in again". `alpha` in [0, 1] fades it."""

    text: str
    level: Level = "info"
    alpha: float = 1.0


@dataclass(frozen=True, slots=True)
class TitleCard:
    """What the picture is painted after; empty fields are left out. `alpha` in [0, 1] fades it."""

    title: str
    artist: str = ""
    year: str = ""
    alpha: float = 1.0


@dataclass(frozen=True, slots=True)
class HelpPanel:
    """Keys with what they do, and figures with their values; either may be empty."""

    keys: tuple[tuple[str, str], ...] = ()
    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class HudState:
    """Everything over the picture; what is None or empty is not shown.

    countdown: what stands large in the middle: "3".
    toasts: from the top down, at most three are shown.
    status: what stays, small, in the corner: up to three lines.
    """

    countdown: str | None = None
    toasts: tuple[Toast, ...] = ()
    title: TitleCard | None = None
    help: HelpPanel | None = None
    status: str | None = None
