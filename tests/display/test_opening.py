from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from murai.config import DisplayConfig
from murai.display.opening import open_canvas
from murai.errors import DisplayError


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_screen")
def test_auto_draws_offscreen_without_a_screen_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), open_canvas(DisplayConfig(size=(64, 48))) as canvas:
        assert canvas.title.startswith("offscreen 64x48")
        assert canvas.size_px == (64, 48)
        assert canvas.poll() == []
        assert not canvas.should_close
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in caplog.text


@pytest.mark.usefixtures("no_screen")
def test_a_window_without_a_screen_is_an_error_with_the_remedy() -> None:
    with pytest.raises(DisplayError, match=r"no screen: .*choose --display offscreen"):
        open_canvas(DisplayConfig(mode="window"))


def test_auto_falls_back_aloud_where_the_screen_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":987")
    with caplog.at_level(logging.INFO), open_canvas(DisplayConfig(size=(64, 48))) as canvas:
        assert canvas.title.startswith("offscreen")
    assert "offscreen, because no screen" in caplog.text


def test_a_size_that_nothing_can_draw_is_an_error() -> None:
    with pytest.raises(DisplayError, match="can't draw 99999x16 px"):
        open_canvas(DisplayConfig.model_construct(mode="offscreen", size=(99999, 16)))


def test_nothing_heavy_is_loaded_before_it_is_wanted() -> None:
    code = "import sys, murai.display.opening; sys.exit(any(m in sys.modules for m in ('OpenGL', 'glfw', 'torch')))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
