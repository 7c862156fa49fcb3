"""Photographs: which are found and taken, which are left out and named, and how they are dealt."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.errors import TrainingError
from murai.training.data import Photographs, draw_deals, find_content, open_image, read_image
from tests.sources.clips import moving, write_clip
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


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_folders_lists_images_and_films_are_found(tmp_path: Path) -> None:
    folder = draw_photographs(tmp_path / "folder", 2)
    alone = draw_photograph(tmp_path / "alone.jpg", 40, 40, seed=1)
    (folder / "notes.md").write_text("not a photograph")
    film = write_clip(tmp_path / "film.mp4", moving(2))
    listed = tmp_path / "list.txt"
    listed.write_text("# mine\nalone.jpg\n\nfolder/photograph-01.png\n")
    found = find_content([folder, listed, film, alone], at_least=1)
    names = ["photograph-00.png", "photograph-01.png", "alone.jpg", "photograph-01.png", "film.mp4", "alone.jpg"]
    assert [file.name for file in found] == names
    assert all(file.exists() for file in found)


def test_content_that_is_missing_or_of_no_use_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"there is no folder .*nowhere"):
        find_content([tmp_path / "nowhere"], 1)
    with pytest.raises(TrainingError, match=r"has 2 photographs.*wants 3"):
        find_content([draw_photographs(tmp_path / "few", 2)], 3)
    (tmp_path / "notes.md").write_text("not a photograph")
    with pytest.raises(TrainingError, match=r"notes\.md is no folder, list \(\.txt\) or film"):
        find_content([tmp_path / "notes.md"], 1)
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainingError, match=r"can't read the list .*list\.txt"):
        find_content([tmp_path / "list.txt"], 1)


def test_damaged_and_small_photographs_and_films_are_named_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draw_photographs(tmp_path, 3)
    draw_photograph(tmp_path / "deep" / "below.JPG", 40, 60, seed=9)
    draw_photograph(tmp_path / "small.png", 100, 31, seed=9)
    (tmp_path / "damaged.jpg").write_bytes(b"\xff\xd8\xff no more")
    (tmp_path / "damaged.mp4").write_bytes(b"no film")
    with caplog.at_level(logging.WARNING):
        photographs = Photographs(find_content([tmp_path], 4), 32, at_least=4)
    assert len(photographs) == 4
    left_out = [record.getMessage() for record in caplog.records]
    assert len(left_out) == 3
    assert "damaged.jpg" in left_out[0] and "damaged.mp4" in left_out[1]
    assert "small.png" in left_out[2] and "32 px" in left_out[2]


def test_many_small_photographs_are_left_out_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = [draw_photograph(tmp_path / f"small-{n}.png", 40, 31, seed=n) for n in range(5)]
    with caplog.at_level(logging.WARNING):
        Photographs([*files, *find_content([draw_photographs(tmp_path / "good", 2)], 1)], 32, at_least=2)
    told = [record.getMessage() for record in caplog.records]
    names = ", ".join(str(file) for file in files[:3])
    assert told == [f"left out: 5 are smaller than 32 px: {names} and 2 more"]


def test_too_few_photographs(tmp_path: Path) -> None:
    files = find_content([draw_photographs(tmp_path, 2)], 1)
    with pytest.raises(TrainingError, match=r"2 usable photographs of at least 32 px.*wants 3 or more"):
        Photographs(files, 32, at_least=3)


def test_a_film_gives_a_photograph_a_second(tmp_path: Path) -> None:
    film = write_clip(tmp_path / "film.mp4", moving(60))  # 25 a second; the numbers are in the means
    photographs = Photographs([film], 96, at_least=3)
    assert len(photographs) == 3
    deals = draw_deals(3, 30, random(1))
    means = photographs.squares(deals, 96).mean((1, 2, 3))
    by_photograph = [means[[deal.photograph == number for deal in deals]].mean() for number in range(3)]
    assert by_photograph[0] + 0.1 < by_photograph[1] < by_photograph[2] - 0.1


def test_deals_follow_their_generator() -> None:
    assert draw_deals(5, 4, random(1)) == draw_deals(5, 4, random(1)) != draw_deals(5, 4, random(2))


def test_squares_are_in_range_and_of_any_size(tmp_path: Path) -> None:
    photographs = Photographs(find_content([draw_photographs(tmp_path, 3, 200, 120)], 3), 60, at_least=3)
    for side_px in (40, 60):
        batch = photographs.squares(draw_deals(3, 40, random(1)), side_px)
        assert batch.shape == (40, 3, side_px, side_px)
        assert batch.dtype == torch.float32
        assert float(batch.min()) >= 0.0 and 0.5 < float(batch.max()) <= 1.0


def test_all_photographs_are_dealt_and_half_of_them_mirrored(tmp_path: Path) -> None:
    for number in range(4):  # darker on the left; each of its own red
        slope = np.zeros((32, 32, 3), np.uint8)
        slope[..., 0] = 60 * number
        slope[..., 1] = np.arange(32) * 8
        Image.fromarray(slope).save(tmp_path / f"{number}.png")
    photographs = Photographs(find_content([tmp_path], 4), 32, at_least=4)
    dealt = photographs.squares(draw_deals(4, 200, random(1)), 32)
    reds = (dealt[:, 0].mean((1, 2)) * 255.0 / 60.0).round().long()
    assert all(30 < count < 70 for count in torch.bincount(reds, minlength=4).tolist())
    mirrored = dealt[:, 1, :, 0].mean(1) > dealt[:, 1, :, -1].mean(1)
    assert 70 < int(mirrored.sum()) < 130


def test_an_image_of_absurd_size_is_told_and_a_large_one_is_read(tmp_path: Path) -> None:
    for side, file in ((20_000, "absurd.png"), (10_000, "large.png")):
        Image.new("1", (side, side)).save(tmp_path / file)
    with pytest.raises(TrainingError, match=r"absurd\.png has more than 178 megapixels: make it smaller"):
        open_image(tmp_path / "absurd.png")
    assert open_image(tmp_path / "large.png").size == (10_000, 10_000)  # warnings are errors in tests
    with pytest.raises(TrainingError, match=r"can't read the image .*none\.png: No such file or directory: give"):
        open_image(tmp_path / "none.png")
