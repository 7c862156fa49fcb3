"""Previews: every style on the drawn scene, in files."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from murai.apps.previews import SHEET_FILE, draw_previews, draw_sheet
from murai.errors import PackError
from murai.hardware import Compute
from murai.sources.scene import Scene
from murai.stylize.engine import Engine
from murai.stylize.pack import read_pack
from murai.stylize.pack_writer import write_pack
from tests.fakes.packs import tiny_contents, write_tiny_pack


def blurred(picture: Tensor) -> Tensor:
    """Without what a JPEG leaves out of noise."""
    return F.avg_pool2d(picture.float(), 8)


def pixels(file: Path) -> Tensor:
    """(3, H, W) float."""
    with Image.open(file) as opened:
        return torch.from_numpy(np.array(opened)).permute(2, 0, 1).float()


def test_each_preview_is_its_style_on_the_drawn_scene(tmp_path: Path) -> None:
    folder, stream = write_tiny_pack(tmp_path / "tiny", styles=2), io.StringIO()
    draw_previews(str(folder), tmp_path / "new" / "previews", Console(file=stream))
    assert stream.getvalue() == f"{tmp_path / 'new' / 'previews'}: 2 previews and sheet.jpg\n"
    engine = Engine(read_pack(folder), Compute("cpu", "float32", 2, "for tests"))
    scene = torch.from_numpy(np.array(Scene((640, 360), seed=1).draw(1.0))).permute(2, 0, 1)
    for number in range(2):
        preview = pixels(tmp_path / "new" / "previews" / f"style-{number + 1}.jpg")
        own, other = (
            float((blurred(engine.paint_still(scene, shares)) - blurred(preview)).abs().mean())
            for shares in (
                [float(number == style) for style in range(2)],
                [float(number != style) for style in range(2)],
            )
        )
        assert own < 2.0 and own < 0.2 * other


def test_previews_go_into_the_pack_where_no_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    contents = tiny_contents(1)
    write_pack(folder, replace(contents, styles=[contents.styles[0].model_copy(update={"preview": ""})]))
    draw_previews(str(folder), None, Console(quiet=True))
    assert pixels(folder / "style-1.jpg").shape == (3, 360, 640)
    assert (folder / SHEET_FILE).is_file()


def test_the_sheet_has_a_place_for_each_picture() -> None:
    colours = [(250, 10 * number, 5) for number in range(6)]
    tiles = [(f"picture {number}", Image.new("RGB", (64, 36), colour)) for number, colour in enumerate(colours)]
    sheet = draw_sheet(tiles)
    found = {colour for _, colour in sheet.getcolors(maxcolors=2**20)}
    assert found >= set(colours)
    assert sheet.width > 1600
    assert draw_sheet(tiles[:4]).height < sheet.height


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PackError, match=r"can't write previews to .*file: .*name a folder with -o"):
        draw_previews(str(write_tiny_pack(tmp_path / "tiny", 1)), tmp_path / "file", Console(quiet=True))
