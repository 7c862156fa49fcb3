"""The developing picture in the kiosk's window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor

from murai.config import DisplayConfig
from murai.core.frame import Frame, Painted
from murai.display.hud import HudState
from murai.display.opening import open_canvas
from murai.display.renderer import Renderer
from murai.display.view import ViewState
from murai.painting.resizing import resized

_CLOSING_KEYS = {"Esc", "Ctrl+Q"}
_LARGEST_PX = 2048  # what every driver takes as a texture, and no screen shows more of


@contextmanager
def open_window() -> Iterator[Callable[[Tensor], None]]:
    """A window, and what shows a picture (3, H, W) float RGB in [0, 1] in it. Owned by the main thread.

    Esc or its close button closes it, and the painting goes on.

    Raises:
        DisplayError: there is no screen to open it on.
    """
    with ExitStack() as opened:
        # Painting doesn't wait for the screen.
        canvas = opened.enter_context(open_canvas(DisplayConfig(mode="window", vsync=False)))
        renderer = Renderer(canvas)
        opened.callback(renderer.close)
        closed = False

        def show(picture: Tensor) -> None:
            nonlocal closed
            if closed:
                return
            keys = {event.name for event in canvas.poll() if event.action == "pressed"}
            if canvas.should_close or keys & _CLOSING_KEYS:
                closed = True
                opened.close()
                return
            renderer.draw(_painted(picture), ViewState(fit="fit"), HudState())
            canvas.swap()

        yield show


def _painted(picture: Tensor) -> Painted:
    height, width = picture.shape[1:]
    factor = min(1.0, _LARGEST_PX / max(height, width))
    small = resized(picture, (max(1, round(height * factor)), max(1, round(width * factor))))
    frame = Frame((small * 255.0).round().to(torch.uint8), time.monotonic(), seq=0)
    return Painted(frame, frame, "")
