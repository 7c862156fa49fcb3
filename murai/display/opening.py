"""Which canvas it will be."""

from __future__ import annotations

import logging
import os

from murai.config import DisplayConfig
from murai.display.canvas import Canvas
from murai.errors import DisplayError

_LOG = logging.getLogger(__name__)


def open_canvas(config: DisplayConfig) -> Canvas:
    """A window, or a framebuffer offscreen; its OpenGL context is current in the calling, the main, thread.

    "auto" is a window where there is a screen and offscreen where there is none; the reason is logged.

    Raises:
        DisplayError: what was asked for can't be had, or under "auto" neither of both.
    """
    canvas = _open(config)
    _LOG.info("drawing into: %s", canvas.title)
    return canvas


def _open(config: DisplayConfig) -> Canvas:
    if config.mode == "window":
        return _open_window(config)
    if config.mode == "offscreen":
        return _open_offscreen(config)
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        _LOG.info("offscreen, because neither DISPLAY nor WAYLAND_DISPLAY is set")
        return _open_offscreen(config)
    try:
        return _open_window(config)
    except DisplayError as fault:
        _LOG.warning("offscreen, because %s", fault)
        return _open_offscreen(config)


# Each loads its own libraries only when it is wanted: a machine without a screen may lack the window's.


def _open_window(config: DisplayConfig) -> Canvas:
    from murai.display.window import WindowCanvas, WindowOptions

    options = WindowOptions(config.size, config.fullscreen, config.monitor, config.vsync)
    return WindowCanvas(options)


def _open_offscreen(config: DisplayConfig) -> Canvas:
    from murai.display.offscreen import OffscreenCanvas

    return OffscreenCanvas(config.size)
