"""`murai paint` from files to files: what is written, what is repeated, and what is told of bad input."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import torch
from PIL import Image
from rich.console import Console
from torch import Tensor

from murai.apps import painting
from murai.apps.painting import paint_files
from murai.apps.painting_options import PaintingOptions, parse_styles, with_details
from murai.apps.painting_setup import prepare
from murai.apps.painting_styles import PaintingStyles
from murai.apps.settings_files import repeated_settings
from murai.errors import ConfigError, MuraiError, PaintingError
from murai.imaging.colour import ColourSpace, from_rgb
from murai.painting.paint import Moment
from murai.training.data import read_image
from tests.apps.painting_runs import draw_files, options_in, painted, write
from tests.painting.drawn import noise, slope_mask


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_files(tmp_path)


def test_beside_a_painting_lie_its_settings_and_its_losses(folder: Path) -> None:
    found = painted(options_in(folder, steps={"steps": 5, "size_px": 96, "smallest_px": 64}))
    assert found.shape == (3, 69, 96)
    assert not torch.equal(found[:, :40, :56], read_image(folder / "photo.png"))
    with Image.open(folder / "out.png.losses.png") as curves:
        assert curves.format == "PNG" and curves.width > 500
    said = json.loads((folder / "out.png.json").read_text())
    assert said["settings"]["content"] == str(folder / "photo.png")
    assert said["settings"]["machine"]["tile_px"] > 96
    assert set(said["sha256"]) == {str(folder / name) for name in ("photo.png", "wave.png")}
    result = said["result"]
    assert result["sizes"] == [[68, 49], [96, 69]] and result["steps"] == 9
    assert result["last_losses"]["style"] < result["first_losses"]["style"]
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize("source", ["photo.png", "wave.png", "link.png"])
def test_what_is_painted_from_is_never_painted_over(folder: Path, source: str) -> None:
    (folder / "link.png").symlink_to(folder / "photo.png")
    before = (folder / source).read_bytes()
    with pytest.raises(ConfigError, match="one of the pictures to paint from"):
        painted(options_in(folder, output=str(folder / source)))
    assert (folder / source).read_bytes() == before


def test_settings_repeat_a_painting_bit_by_bit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "mask.png", slope_mask(40, 56))
    options = options_in(
        folder,
        "wave",
        "night",
        steps={"steps": 4, "start": "noise", "seed": 7, "optimiser": "adam", "size_px": 64, "smallest_px": 40},
        colours={"own": "lab", "match": "axes"},
        look={"style": {"relu1_1": 2.0, "relu3_1": 0.5}, "pooling": "average", "style_weight": 3.0},
        machine={"tile_px": 96},
        softness_px=1.5,
    )
    first = painted(options.model_copy(update={"styles": _with_mask(folder)}))
    monkeypatch.chdir(folder.parent)  # the settings hold in any folder
    again = repeated(folder / "out.png.json").model_copy(update={"output": folder / "again.png"})
    assert torch.equal(painted(again), first)
    first_told, told = (json.loads((folder / f"{name}.png.json").read_text())["settings"] for name in ("out", "again"))
    assert told == first_told | {"output": str(folder / "again.png")}


def repeated(file: Path) -> PaintingOptions:
    return PaintingOptions.model_validate(repeated_settings(file, "paint"))


def _with_mask(folder: Path) -> object:
    images = [f"{folder / 'wave.png'}:0.5", str(folder / "night.png")]
    return with_details(parse_styles(images), ["night=36"], [], [f"night={folder / 'mask.png'}"])


@pytest.mark.parametrize(("space", "before"), [("yuv", False), ("ycbcr", True), ("lab", True), ("luv", False)])
def test_own_colours_keep_the_photographs_chroma(folder: Path, space: ColourSpace, before: bool) -> None:
    steps = {"steps": 2, "start": "noise"}
    found = painted(options_in(folder, steps=steps, colours={"own": space, "before": before}))
    photo = read_image(folder / "photo.png")
    one, other = (from_rgb(each.float() / 255.0, space) for each in (found, photo))
    scale = 255.0 if space in ("yuv", "ycbcr") else 1.0  # Lab and Luv are kept in steps of one
    assert float((one - other)[1:].abs().max()) * scale < 2.0
    assert float((one - other)[0].abs().mean()) > 0.01


def test_before_and_after_are_two_things_and_matched_colours_a_third(folder: Path) -> None:
    colours: list[dict[str, object]] = [{"own": "yuv"}, {"own": "yuv", "before": True}, {}, {"match": "cholesky"}]
    made = [painted(options_in(folder, steps={"steps": 5}, colours=each)) for each in colours]
    for number, one in enumerate(made):
        assert all(not torch.equal(one, other) for other in made[number + 1 :])


@pytest.mark.parametrize("how", ["cholesky", "axes"])
def test_matched_colours_are_the_photographs_before_any_painting(folder: Path, how: str) -> None:
    options = options_in(folder, colours={"match": how})
    job = prepare(options.content, PaintingStyles(options, "cpu").at(0.0, 0.0), options, 256)
    means = [each.mean((1, 2)) for each in (job.wishes.styles[0].picture, job.content)]
    torch.testing.assert_close(*means, atol=0.02, rtol=0.0)  # what goes beyond RGB's range is cut off


def test_each_seed_has_its_own_noise(folder: Path) -> None:
    starts = [{"start": "noise", "seed": 1}, {"start": "noise", "seed": 2}, {"noise": 0.5}, {"start": "style"}, {}]
    options = [options_in(folder, steps=steps) for steps in starts]
    styles = PaintingStyles(options[0], "cpu").at(0.0, 0.0)
    made = [prepare(each.content, styles, each, 256).start for each in options]
    for number, one in enumerate(made):
        assert all(not torch.equal(one, other) for other in made[number + 1 :])
    torch.testing.assert_close(made[2], (made[4] + made[0]) / 2.0)


def test_pictures_on_the_way_are_kept(folder: Path) -> None:
    painted(options_in(folder, steps={"steps": 7}, save_every=3))
    assert sorted(file.name for file in folder.glob("out.png.0*.png")) == ["out.png.000003.png", "out.png.000006.png"]
    assert read_image(folder / "out.png.000006.png").shape == (3, 40, 56)


def test_a_mask_of_another_size_is_scaled_and_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    mask = write(folder / "mask.png", slope_mask(10, 10))
    styles = with_details(parse_styles([str(folder / "wave.png")]), [], [], [str(mask)])
    with caplog.at_level(logging.WARNING):
        painted(options_in(folder).model_copy(update={"styles": styles}))
    assert f"the mask {mask} is scaled from 10x10 to 56x40" in caplog.text


def test_of_a_folder_what_is_damaged_is_left_out_and_listed(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.png", "c.jpg"):
        write(folder / "photos" / name, noise(40, 40))
    (folder / "photos" / "b.png").write_bytes(b"no picture")
    (folder / "photos" / "notes.txt").write_text("not to be painted")
    options = options_in(folder, content=folder / "photos", output=folder / "out")
    with pytest.raises(PaintingError, match=r"1 of 3 images failed: see above for b\.png"):
        paint_files(options, Console(quiet=True))
    names = sorted(file.name for file in (folder / "out").iterdir())
    assert names == ["a.png", "a.png.json", "a.png.losses.png", "c.png", "c.png.json", "c.png.losses.png", "paint.json"]
    assert "b.png is left out: can't read the image" in caplog.text
    (folder / "out" / "a.png").unlink()
    painted(repeated(folder / "out" / "a.png.json"))  # one of them again
    assert (folder / "out" / "a.png").is_file()


def test_what_was_painted_before_it_was_broken_off_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupted(moment: Moment) -> None:
        if moment.step == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(painting.Progressing, "update", lambda self, moment: interrupted(moment))
    with pytest.raises(KeyboardInterrupt):
        painted(options_in(folder, steps={"steps": 9}))
    assert read_image(folder / "out.png.000003.png").shape == (3, 40, 56)
    assert "the picture after 3 steps is kept" in caplog.text
    assert not (folder / "out.png").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_meanwhile_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuge = folder / "refuge"
    refuge.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(refuge))
    made: list[Tensor] = []

    def fills_up(self: object, moment: Moment) -> None:
        made.append(moment.picture)
        (folder / "out.png.part").unlink(missing_ok=True)
        (folder / "out.png.part").symlink_to("/dev/full")

    monkeypatch.setattr(painting.Progressing, "update", fills_up)
    with pytest.raises(PaintingError, match=r"No space left on device: it is kept as .*refuge/out\.png"):
        painted(options_in(folder))
    assert read_image(refuge / "out.png").shape == (3, 40, 56)


def test_bad_input_is_told_before_any_work(folder: Path) -> None:
    (folder / "torn.png").write_bytes((folder / "wave.png").read_bytes()[:200])
    told = {
        "can't read the image .*missing": options_in(folder, content=folder / "missing.png"),
        "can't read the image .*torn": options_in(folder, "torn"),
        "can't read the image .*nowhere": options_in(folder, "nowhere"),
        "has no layer 'relu9_9'": options_in(folder, look={"style": {"relu9_9": 1.0}}),
        "tiles of 40 px are smaller": options_in(folder, machine={"tile_px": 40}),
        "its ending names no format": options_in(folder, output=folder / "out.xyz"),
        "it is a folder": options_in(folder, output=write(folder / "x.png" / "y.png", noise(8, 8)).parent),
        "has no images": options_in(folder, content=(folder / "x.png" / "y.png").parent.parent / "empty"),
        "can't read the perceptual network": options_in(folder, look={"folder": folder}),
    }
    (folder / "empty").mkdir()
    for said, options in told.items():
        with pytest.raises(MuraiError, match=said):
            paint_files(options, Console(quiet=True))
    assert not list(folder.glob("out*"))
