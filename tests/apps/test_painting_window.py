"""The developing picture in a real window on a virtual screen."""

from __future__ import annotations

import time

import pytest
import torch

from murai.apps.painting_window import open_window
from tests.fakes.screens import Screen

PATIENCE_S = 20.0


@pytest.fixture
def screen(x11_server: Screen, monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("DISPLAY", x11_server.display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return x11_server


def test_the_picture_is_seen_whole_until_the_window_is_closed(screen: Screen) -> None:
    green = torch.zeros(3, 30, 40)
    green[1] = 0.8
    with open_window() as show:
        for _ in range(3):
            show(green)
        shown = screen.pixels()
        assert (shown == [0, 204, 0]).all(axis=2).mean() > 0.3
        screen.xdotool("windowfocus", screen.find_window("Murai"), "key", "Escape")
        end_s = time.monotonic() + PATIENCE_S
        while (screen.pixels() == [0, 204, 0]).all(axis=2).any():
            assert time.monotonic() < end_s
            show(green)
        show(green)  # there is no window any more, and the painting goes on


def test_pictures_too_large_for_any_screen_are_shown_smaller(screen: Screen) -> None:
    with open_window() as show:
        for _ in range(3):
            show(torch.full((3, 20, 9000), 0.5))
        assert (screen.pixels() == 128).all(axis=2).any()
