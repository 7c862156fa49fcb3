"""What a window and an offscreen framebuffer have in common."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol

KeyAction = Literal["pressed", "repeated", "released"]


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One key going down or up.

    name: canonical as in `murai.config.keys`: "Space", "Q", "Ctrl+Q".
    action: each "pressed" is followed by one "released" of the same name; in between the keyboard may
        send "repeated". Letting go of Ctrl or leaving the window releases a "Ctrl+Q" too.
    """

    name: str
    action: KeyAction


class Canvas(Protocol):
    """A place to draw, whose OpenGL context is current in the main thread until `close`."""

    @property
    def title(self) -> str:
        """For people: what it is, how large, and what draws it."""
        ...

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the framebuffer, which a window may change at any `poll`."""
        ...

    @property
    def framebuffer(self) -> int:
        """OpenGL's name of the framebuffer to draw into; 0 for a window's own."""
        ...

    @property
    def should_close(self) -> bool:
        """True once somebody has pressed the window's close button."""
        ...

    def stay_open(self) -> None:
        """Takes `should_close` back: nobody is to end the show with the close button."""
        ...

    @property
    def fullscreen(self) -> bool: ...

    def set_fullscreen(self, wanted: bool) -> None:
        """Goes to full screen or back; offscreen there is nothing to do.

        Raises:
            DisplayError: the monitor is gone.
        """
        ...

    def poll(self) -> list[KeyEvent]:
        """Handles what the window system has sent and returns the keys, oldest first. Never waits."""
        ...

    def swap(self) -> None:
        """Shows what was drawn; with vsync it waits for the screen."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Canvas: ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...
