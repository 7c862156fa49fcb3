"""GLFW, in the build that suits this session. Whoever needs it imports `glfw` from here."""

from __future__ import annotations

import os


def _variant() -> str:
    """Which of its two builds the glfw package is to load; by itself it asks only for the session's type.

    A service has no session type though it may have a Wayland compositor, and a virtual X11 screen may
    be all that a program in a Wayland session is meant to see.
    """
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    in_wayland_session = os.environ.get("XDG_SESSION_TYPE") == "wayland"
    return "wayland" if wayland and (in_wayland_session or not x11) else "x11"


# Read once, when the package is imported.
os.environ.setdefault("PYGLFW_LIBRARY_VARIANT", _variant())

import glfw  # noqa: E402

__all__ = ["glfw"]
