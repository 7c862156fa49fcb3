"""Masks as they are read, scaled and softened."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.errors import MediaError
from murai.imaging.masks import at_size, read_mask, softened


def half(height: int, width: int) -> torch.Tensor:
    """White on the left, black on the right."""
    mask = torch.zeros(height, width)
    mask[:, : width // 2] = 1.0
    return mask


def write(file: Path, mask: torch.Tensor) -> Path:
    Image.fromarray((mask * 255.0).round().to(torch.uint8).numpy()).save(file)
    return file


def test_white_is_one_and_black_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert torch.equal(read_mask(write(tmp_path / "mask.png", half(20, 30)), (20, 30)), half(20, 30))
    assert not caplog.records


def test_a_mask_of_another_size_is_scaled_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = write(tmp_path / "mask.png", half(20, 30))
    with caplog.at_level(logging.WARNING):
        found = read_mask(file, (10, 60))
    assert found.shape == (10, 60)
    assert float(found[:, :28].min()) > 0.99 and float(found[:, 32:].max()) < 0.01
    assert f"{file} is scaled from 30x20 to 60x10" in caplog.text


def test_sideways_masks_of_phones_are_held_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise is to be made
    Image.fromarray((half(20, 30) * 255.0).to(torch.uint8).numpy()).save(tmp_path / "mask.png", exif=exif)
    found = read_mask(tmp_path / "mask.png", (30, 20))
    assert torch.equal(found, half(20, 30).rot90(-1))


@pytest.mark.parametrize(("content", "said"), [(b"", "can't read the mask"), (b"\x89PNG\r\n\x1a\nrest", "can't read")])
def test_damaged_masks_are_told(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "mask.png").write_bytes(content)
    with pytest.raises(MediaError, match=said):
        read_mask(tmp_path / "mask.png", (20, 30))
    with pytest.raises(MediaError, match=r"missing\.png"):
        read_mask(tmp_path / "missing.png", (20, 30))


def test_black_masks_are_told(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "black.png")
    with pytest.raises(MediaError, match=r"black\.png is black all over: paint white"):
        read_mask(tmp_path / "black.png", (8, 8))


def test_a_smaller_mask_has_the_mean_of_what_each_place_covers() -> None:
    assert at_size(half(6, 6), (2, 2)).tolist() == [[1.0, 0.0], [1.0, 0.0]]
    assert at_size(half(4, 6), (1, 2)).tolist() == [[1.0, 0.0]]
    assert float(at_size(half(6, 6), (1, 1))) == pytest.approx(0.5)


def test_soft_edges_go_down_evenly_and_far_places_stay() -> None:
    soft = softened(half(20, 60), 3.0)
    assert torch.equal(softened(half(20, 60), 0.0), half(20, 60))
    assert float(soft[:, :19].min()) > 0.998 and float(soft[:, 41:].max()) < 0.002
    assert (soft.diff(dim=1) <= 1e-6).all()
    assert soft[10, 29:31].tolist() == pytest.approx([0.566, 0.434], abs=0.002)  # the bell's integral half a pixel off
