"""The show in a real window, with keys from a real keyboard's side of the X server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fakes.packs import write_tiny_pack
from tests.fakes.runs import SCENE, Home
from tests.fakes.screens import Screen, press_close_button

PATIENCE_S = 60.0
CONFIG = """
[display]
size = "800x600"
vsync = false
[snapshot]
countdown_s = 1.2
review_s = 0.5
[kiosk]
fade_s = 0.0
"""


@dataclass(frozen=True)
class Booth:
    """A running kiosk and the screen that it is seen on."""

    screen: Screen
    window: str
    stats: Path

    def press(self, *keys: str) -> None:
        self.screen.xdotool("windowfocus", self.window, "key", "--delay", "40", *keys)

    def figures(self) -> dict[str, Any]:
        """The newest line of the figures, at most a second old."""
        line: dict[str, Any] = json.loads(self.stats.read_text().splitlines()[-1])
        return line

    def colour(self) -> NDArray[np.float64]:
        """Mean colour in the middle of the screen."""
        mean: NDArray[np.float64] = self.screen.pixels()[200:400, 300:500].mean(axis=(0, 1))
        return mean


def wait_until(done: Callable[[], bool]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end_s
        time.sleep(0.1)


@pytest.fixture
def booth(request: pytest.FixtureRequest, tmp_path: Path, x11_server: Screen) -> Iterator[Booth]:
    """The kiosk in a window; a parameter is one more line of [kiosk]."""
    home, stats = Home(tmp_path), tmp_path / "stats.jsonl"
    (tmp_path / "kiosk.toml").write_text(CONFIG + getattr(request, "param", ""))
    pack = write_tiny_pack(tmp_path / "tiny")
    arguments = ("--config", "kiosk.toml", "--pack", str(pack), "--stats", str(stats), "--display", "window")
    with home.start("run", *SCENE, *arguments, DISPLAY=x11_server.display) as process:
        try:
            wait_until(lambda: process.poll() is not None or (stats.exists() and stats.read_text() != ""))
            assert process.poll() is None, process.communicate()
            yield Booth(x11_server, x11_server.find_window("Murai"), stats)
        finally:
            if not (stats.exists() and "summary" in stats.read_text()):  # else it is leaving by itself
                process.terminate()
            out, err = process.communicate(timeout=30.0)
        assert (process.returncode, err) == (0, ""), out


def test_keys_do_what_the_plan_says(booth: Booth) -> None:
    booth.press("3")
    wait_until(lambda: booth.figures()["style"] == "style-3")
    booth.press("Next")  # X11's name of PageDown
    wait_until(lambda: booth.figures()["style"] == "style-1")
    booth.press("Left")
    wait_until(lambda: booth.figures()["style"] == "style-3")


def test_the_original_looks_different_from_the_painting(booth: Booth) -> None:
    painted = booth.colour()
    booth.press("o")
    wait_until(lambda: float(np.abs(booth.colour() - painted).max()) > 8.0)


def test_help_is_drawn_over_the_picture(booth: Booth) -> None:
    def dark() -> float:
        return float((booth.screen.pixels()[100:500, 60:740].max(axis=2) < 90).mean())

    before = dark()
    booth.press("h")
    wait_until(lambda: dark() > before + 0.2)
    booth.press("Escape")
    wait_until(lambda: dark() < before + 0.1)


def test_space_counts_down_and_keeps_a_picture(booth: Booth, tmp_path: Path) -> None:
    pictures = tmp_path / "Pictures"
    booth.press("space")

    def numeral() -> bool:  # white on the dark disc below the face
        return bool((booth.screen.pixels()[420:520, 360:440].min(axis=2) > 240).mean() > 0.05)

    wait_until(numeral)
    assert not list(pictures.rglob("*.jpg"))
    wait_until(lambda: len(list(pictures.rglob("*.jpg"))) == 1)


@pytest.mark.parametrize("booth", ["lock = true"], indirect=True)
def test_under_lock_neither_esc_nor_the_close_button_ends_it(booth: Booth) -> None:
    press_close_button(booth.screen)
    booth.press("Escape", "ctrl+q")
    booth.press("3")
    wait_until(lambda: booth.figures().get("style") == "style-3")
    assert "summary" not in booth.figures()


def test_ctrl_q_quits(booth: Booth) -> None:
    booth.press("ctrl+q")
    wait_until(lambda: "summary" in booth.figures())
