"""Photographs: which are taken, which are left out and named, and how they are dealt."""

from __future__ import annotations

import logging
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.errors import TrainingError
from murai.training.data import Photographs, read_image
from tests.training.tiny import draw_photograph, draw_photographs


def test_an_image_is_read_as_it_is(tmp_path: Path) -> None:
    file = draw_photograph(tmp_path / "a.png", 30, 20, seed=1)
    found = read_image(file)
    assert found.dtype == torch.uint8
    assert np.array_equal(found.permute(1, 2, 0).numpy(), np.array(Image.open(file)))


@pytest.mark.parametrize(("asked", "size"), [(20, (20, 40)), (60, (50, 100)), (None, (50, 100))])
def test_an_image_is_made_smaller_and_never_larger(tmp_path: Path, asked: int | None, size: tuple[int, int]) -> None:
    file = draw_photograph(tmp_path / "a.png", 100, 50, seed=1)
    assert tuple(read_image(file, short_side_px=asked).shape) == (3, *size)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "I;16"])
def test_images_of_all_kinds_become_rgb(tmp_path: Path, mode: str) -> None:
    file = tmp_path / ("a.tif" if mode in {"CMYK", "I;16"} else "a.png")
    Image.new(mode, (12, 9)).save(file)
    assert tuple(read_image(file).shape) == (3, 9, 12)


def test_a_picture_of_a_phone_held_upright_is_read_upright(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    sideways = Image.new("RGB", (40, 20), (0, 0, 0))
    sideways.paste((255, 255, 255), (0, 0, 20, 20))
    exif = sideways.getexif()
    exif[0x0112] = 6  # orientation: to be turned clockwise by a quarter
    sideways.save(file, exif=exif)
    found = read_image(file).float()
    assert tuple(found.shape) == (3, 40, 20)
    assert float(found[:, :18].mean()) > 250.0
    assert float(found[:, 22:].mean()) < 5.0


def noisy_png(file: Path) -> bytes:
    """A PNG too large for one chunk of data."""
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    data = file.read_bytes()
    assert data.count(b"IDAT") > 1
    return data


def test_files_that_are_no_whole_images_are_named(tmp_path: Path) -> None:
    file = tmp_path / "damaged.png"
    whole = noisy_png(file)
    broken_chunk = b"\x8c\x98t\xf6".join(whole.rsplit(b"IDAT", 1))
    for data in (b"", b"no picture", whole[: len(whole) // 2], broken_chunk):
        file.write_bytes(data)
        with pytest.raises(TrainingError, match=r"can't read the image .*damaged\.png"):
            read_image(file)
    with pytest.raises(TrainingError, match=r"nowhere\.jpg"):
        read_image(tmp_path / "nowhere.jpg")


def test_an_image_of_absurd_size_is_named(tmp_path: Path) -> None:
    file = tmp_path / "huge.png"
    Image.new("1", (15000, 15000)).save(file)
    with pytest.raises(TrainingError, match=r"huge\.png.*225000000 pixels"):
        read_image(file)


def test_damaged_and_small_photographs_are_named_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    draw_photographs(tmp_path, 3)
    draw_photograph(tmp_path / "deep" / "below.JPG", 40, 60, seed=9)
    draw_photograph(tmp_path / "small.png", 100, 31, seed=9)
    (tmp_path / "damaged.jpg").write_bytes(b"\xff\xd8\xff no more")
    (tmp_path / "notes.txt").write_text("not a photograph")
    with caplog.at_level(logging.WARNING):
        photographs = Photographs(tmp_path, 32, at_least=4)
    assert len(photographs) == 4
    left_out = [record.getMessage() for record in caplog.records]
    assert len(left_out) == 2
    assert "damaged.jpg" in left_out[0]
    assert "small.png" in left_out[1] and "32 px" in left_out[1]


def test_too_few_photographs(tmp_path: Path) -> None:
    draw_photographs(tmp_path, 2)
    with pytest.raises(TrainingError, match=r"has 2 usable photographs of at least 32 px.*wants 3 or more"):
        Photographs(tmp_path, 32, at_least=3)
    with pytest.raises(TrainingError, match="has 0 usable photographs"):
        Photographs(tmp_path / "nowhere", 32, at_least=1)


def test_batches_follow_their_generator(tmp_path: Path) -> None:
    photographs = Photographs(draw_photographs(tmp_path, 5), 32, at_least=5)
    once, again, other = (
        list(islice(photographs.batches(4, torch.Generator().manual_seed(seed)), 3)) for seed in (1, 1, 2)
    )
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(once, other, strict=True))


def test_batches_are_squares_in_range(tmp_path: Path) -> None:
    photographs = Photographs(draw_photographs(tmp_path, 3, 200, 120), 40, at_least=3)
    for batch in islice(photographs.batches(3, torch.Generator().manual_seed(1)), 20):
        assert batch.shape == (3, 3, 40, 40)
        assert batch.dtype == torch.float32
        assert float(batch.min()) >= 0.0 and 0.5 < float(batch.max()) <= 1.0


def test_all_photographs_are_dealt_and_half_of_them_mirrored(tmp_path: Path) -> None:
    for number in range(4):  # darker on the left; each of its own red
        slope = np.zeros((32, 32, 3), np.uint8)
        slope[..., 0] = 60 * number
        slope[..., 1] = np.arange(32) * 8
        Image.fromarray(slope).save(tmp_path / f"{number}.png")
    photographs = Photographs(tmp_path, 32, at_least=4)
    dealt = torch.cat(list(islice(photographs.batches(8, torch.Generator().manual_seed(1)), 25)))
    reds = (dealt[:, 0].mean((1, 2)) * 255.0 / 60.0).round().long()
    assert all(30 < count < 70 for count in torch.bincount(reds, minlength=4).tolist())
    mirrored = dealt[:, 1, :, 0].mean(1) > dealt[:, 1, :, -1].mean(1)
    assert 70 < int(mirrored.sum()) < 130
