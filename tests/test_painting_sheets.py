"""The contact sheets of docs/painting.md: their commands can be run, and the page shows each of them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sheets.drawing import draw_inputs
from sheets.features import FILM_SHEETS, PICTURE_SHEETS
from sheets.paper import GAP_PX, LABEL_PX, TILE_PX, draw_sheet, frames_at
from typer.testing import CliRunner

from murai.apps import painting, stylizing
from murai.apps.stylizing import Report
from murai.cli import app

ROOT = Path(__file__).parent.parent
SHEETS = PICTURE_SHEETS | FILM_SHEETS
LARGEST_BYTES = 250_000


def test_every_command_of_every_sheet_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(painting, "paint_files", lambda options, console, *, show, resume: told.append(options))
    monkeypatch.setattr(stylizing, "stylize", lambda options, console: told.append(options) or Report())
    commands = [f"{sheet.base} {words}" for sheet in SHEETS.values() for _, words, command in sheet.tiles if command]
    for words in commands:
        result = CliRunner().invoke(app, [*shlex.split(words), "-o", "out.mp4"], catch_exceptions=False)
        assert result.exit_code == 0, f"{words}: {result.output}"
    assert len(told) == len(commands) > 60


def test_what_they_are_painted_from_can_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw_inputs()
    wanted = " ".join(f"{sheet.base} {words}" for sheet in SHEETS.values() for _, words, _ in sheet.tiles)
    named = set(re.findall(r"[\w-]+\.(?:png|mp4)", wanted))
    assert named <= {file.name for file in tmp_path.iterdir()}
    assert [at_s for at_s, _ in frames_at(tmp_path / "scene.mp4", 3)] == pytest.approx([0.0, 0.75, 1.375])


def test_tiles_lie_in_rows_below_their_captions() -> None:
    tiles = [(str(number), Image.new("RGB", (30, 20), (number, 0, 0))) for number in range(5)]
    sheet = draw_sheet(tiles, 3)
    across, down = TILE_PX[0] + GAP_PX, TILE_PX[1] + LABEL_PX + GAP_PX
    assert sheet.size == (GAP_PX + 3 * across, GAP_PX + 2 * down)
    assert sheet.getpixel((GAP_PX + across + 5, GAP_PX + down + LABEL_PX + 5)) == (4, 0, 0)


def test_the_page_shows_each_sheet() -> None:
    page = (ROOT / "docs" / "painting.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(painting/([\w-]+)\.jpg\)", page))
    assert shown == {*SHEETS, "seams"}
    for name in shown:
        assert (ROOT / "docs" / "painting" / f"{name}.jpg").stat().st_size < LARGEST_BYTES
