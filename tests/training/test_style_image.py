"""Style images: parts, turns, masks, several files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.errors import TrainingError
from murai.networks.likeness import style_targets
from murai.training.style_image import Crop, StyleSource, read_style
from tests.training.tiny import TinyEyes


def halves(file: Path) -> Path:
    """200 x 100 px: red on the left, blue on the right, and a white row on top."""
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[:, :100, 0] = picture[:, 100:, 2] = 255
    picture[0] = 255
    Image.fromarray(picture).save(file)
    return file


def test_a_plain_image_is_read_and_made_smaller(tmp_path: Path) -> None:
    style = read_style(StyleSource("a", (halves(tmp_path / "a.png"),)), 50)
    assert [tuple(picture.shape) for picture in style.pictures] == [(3, 50, 100)]
    assert style.pictures[0].dtype == torch.uint8 and style.masks == (None,)


def test_a_crop_is_of_the_file_s_own_pixels(tmp_path: Path) -> None:
    style = read_style(StyleSource("a", (halves(tmp_path / "a.png"),), Crop(100, 0, 64, 40)), 512)
    (picture,) = style.pictures
    assert tuple(picture.shape) == (3, 40, 64)
    assert bool((picture[:, 0] == 255).all()) and bool((picture[2, 1:] == 255).all()) and int(picture[0, 1:].max()) == 0


@pytest.mark.parametrize("degrees", [7.0, 45.0, 90.0, -120.0, 180.0])
def test_a_turned_image_has_no_empty_corners(tmp_path: Path, degrees: float) -> None:
    file = tmp_path / "white.png"
    Image.new("RGB", (300, 180), "white").save(file)
    (picture,) = read_style(StyleSource("a", (file,), rotate_deg=degrees), 512).pictures
    assert int(picture.min()) == 255
    assert picture.shape[1] * picture.shape[2] > 0.25 * 300 * 180


def test_a_quarter_turn_goes_anticlockwise(tmp_path: Path) -> None:
    (picture,) = read_style(StyleSource("a", (halves(tmp_path / "a.png"),), rotate_deg=90.0), 512).pictures
    assert int(picture[2, 40, 50]) > 250 and int(picture[0, 160, 50]) > 250  # what was right is above


def test_a_mask_leaves_out_what_is_black_and_is_cut_with_its_image(tmp_path: Path) -> None:
    file = halves(tmp_path / "a.png")
    mask = tmp_path / "mask.png"
    left = np.zeros((50, 100), np.uint8)  # half the size; white over the red
    left[:, :50] = 255
    Image.fromarray(left).save(mask)
    masked = read_style(StyleSource("a", (file,), Crop(60, 20, 80, 60), mask=mask), 512)
    counts = masked.masks[0]
    assert counts is not None and tuple(counts.shape) == (60, 80)
    assert float(counts[:, :38].min()) == 1.0 and float(counts[:, 42:].max()) == 0.0
    red = read_style(StyleSource("a", (file,), Crop(60, 20, 40, 60)), 512)
    eyes = TinyEyes()
    found, wanted, all_of_it = (
        style_targets(eyes, [picture.float() / 255.0 for picture in style.pictures], masks)
        for style, masks in ((masked, masked.masks), (red, None), (masked, None))
    )
    for layer, gram in wanted.items():
        near = float((found[layer] - gram).norm() / gram.norm())
        assert near < 0.25 * float((all_of_it[layer] - gram).norm() / gram.norm())


def test_several_files_are_one_style(tmp_path: Path) -> None:
    files = (halves(tmp_path / "a.png"), halves(tmp_path / "b.png"))
    style = read_style(StyleSource("a", files), 40)
    assert len(style.pictures) == len(style.masks) == 2


def test_what_decides_the_style_is_in_its_hash(tmp_path: Path) -> None:
    file = halves(tmp_path / "a.png")
    sources = (
        StyleSource("a", (file,)),
        StyleSource("b", (file,)),
        StyleSource("a", (file,), Crop(0, 0, 100, 100)),
        StyleSource("a", (file,), mask=file),
    )
    assert len({read_style(source, 512).sha256() for source in sources}) == 4
    assert read_style(sources[2], 512).sha256() == read_style(sources[2], 512).sha256()


def test_what_can_t_be_a_style_is_named(tmp_path: Path) -> None:
    file = halves(tmp_path / "a.png")
    black = tmp_path / "black.png"
    Image.new("L", (200, 100)).save(black)
    tall = tmp_path / "tall.png"
    Image.new("L", (100, 200), 255).save(tall)
    with pytest.raises(TrainingError, match=r"--crop 150,0,100,50 is not inside .*a\.png: the image is 200x100"):
        read_style(StyleSource("a", (file,), Crop(150, 0, 100, 50)), 512)
    with pytest.raises(TrainingError, match=r"a\.png: what counts is 40x10 px"):
        read_style(StyleSource("a", (file,), Crop(0, 0, 40, 10)), 512)
    with pytest.raises(TrainingError, match=r"black\.png is black all over"):
        read_style(StyleSource("a", (file,), mask=black), 512)
    with pytest.raises(TrainingError, match=r"tall\.png is 100x200, .*a\.png is 200x100"):
        read_style(StyleSource("a", (file,), mask=tall), 512)
    with pytest.raises(TrainingError, match=r"can't read the image .*nowhere\.png"):
        read_style(StyleSource("a", (tmp_path / "nowhere.png",)), 512)
