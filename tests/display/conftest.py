"""Frames to draw, and a screen to draw on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from murai.core.frame import Frame, Painted
from tests.fakes.screens import Screen


@pytest.fixture
def frame_of() -> Callable[[NDArray[np.uint8]], Frame]:
    """(H, W, 3) uint8 as a frame."""

    def make(picture: NDArray[np.uint8]) -> Frame:
        return Frame(torch.from_numpy(picture).permute(2, 0, 1), captured_s=0.0, seq=0)

    return make


@pytest.fixture
def painted_of(frame_of: Callable[[NDArray[np.uint8]], Frame]) -> Callable[..., Painted]:
    """Painting and camera, (H, W, 3) uint8 each; without a camera it is the painting's negative."""

    def make(painting: NDArray[np.uint8], camera: NDArray[np.uint8] | None = None) -> Painted:
        return Painted(frame_of(painting), frame_of(255 - painting if camera is None else camera), "wave")

    return make


@pytest.fixture
def screen(x11_server: Screen, monkeypatch: pytest.MonkeyPatch) -> Screen:
    """The virtual screen, which this process now takes for its own."""
    monkeypatch.setenv("DISPLAY", x11_server.display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return x11_server
