"""Pictures and folders of them are painted, each in its own format, and what fails is reported."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image

from murai.apps.settings_files import read_settings
from murai.apps.stylizing_options import make_options
from murai.apps.stylizing_painter import BatchPainter
from murai.apps.stylizing_pictures import Picture, write_picture
from murai.core.files import part_of
from murai.errors import ConfigError, MediaError, RenderError
from murai.hardware import Compute, choose_compute
from murai.imaging.colour import ColourSpace, from_rgb
from murai.stylize.engine import Engine
from murai.stylize.pack import read_pack
from tests.apps.stylizing_runs import Pixels, away, draw, film, paint, pixels
from tests.fakes.packs import write_tiny_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP"), ("a.tiff", "TIFF"), ("a.bmp", "BMP")],
)
def test_a_picture_keeps_format_and_size(name: str, kind: str, tmp_path: Path, pack: Path) -> None:
    paint(draw(tmp_path / name, size_px=(90, 61)), tmp_path / f"out-{name}", pack)
    with Image.open(tmp_path / f"out-{name}") as opened:
        assert (opened.format, opened.size) == (kind, (90, 61))


def test_a_still_is_painted_by_its_own_statistics(tmp_path: Path, pack: Path) -> None:
    source = draw(tmp_path / "a.png")
    paint(source, tmp_path / "out.png", pack, styles=("style-1:0.25", "style-3:0.75"))
    engine = Engine(read_pack(pack), choose_compute("cpu"))
    rgb = torch.from_numpy(pixels(source).copy()).permute(2, 0, 1)
    wanted = engine.paint_still(rgb, [0.25, 0.0, 0.75]).permute(1, 2, 0).numpy()
    assert np.array_equal(pixels(tmp_path / "out.png"), wanted)


def test_no_strength_is_the_original_and_half_lies_between(tmp_path: Path, pack: Path) -> None:
    source = draw(tmp_path / "a.png")
    found: dict[float, Pixels] = {}
    for strength in (0.0, 0.5, 1.0):
        paint(source, tmp_path / f"{strength}.png", pack, strength=strength)
        found[strength] = pixels(tmp_path / f"{strength}.png")
    assert np.array_equal(found[0.0], pixels(source))
    between = (found[0.0].astype(int) + found[1.0]) / 2
    assert np.abs(found[0.5] - between).max() <= 1.0


@pytest.mark.parametrize("space", get_args(ColourSpace))
def test_own_colours_keep_chroma(space: ColourSpace, tmp_path: Path, pack: Path) -> None:
    source = draw(tmp_path / "a.png")
    paint(source, tmp_path / "out.png", pack, own_colours=space)
    before, after = (
        from_rgb(torch.from_numpy(pixels(file).copy()).permute(2, 0, 1).float() / 255.0, "ycbcr")[1:] * 255.0
        for file in (source, tmp_path / "out.png")
    )
    paint(source, tmp_path / "plain.png", pack)
    assert away(pixels(tmp_path / "out.png"), pixels(source)) > 2.0
    if space in ("yuv", "ycbcr"):
        assert float((before - after).abs().max()) <= 2.0
    else:
        same = from_rgb(torch.from_numpy(pixels(source).copy()).permute(2, 0, 1).float() / 255.0, space)[1:]
        mine = from_rgb(torch.from_numpy(pixels(tmp_path / "out.png").copy()).permute(2, 0, 1).float() / 255.0, space)
        assert float((same - mine[1:]).abs().quantile(0.95)) <= 2.0


def test_nothing_is_painted_where_the_mask_is_black(
    tmp_path: Path, pack: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = draw(tmp_path / "a.png")
    ramp = np.clip(np.arange(192) * 4 - 256, 0, 255).astype(np.uint8)[None].repeat(128, 0)
    Image.fromarray(ramp).save(tmp_path / "mask.png")
    with caplog.at_level(logging.WARNING):
        paint(source, tmp_path / "out.png", pack, mask=tmp_path / "mask.png")
    paint(source, tmp_path / "plain.png", pack)
    out, plain, before = (pixels(tmp_path / f"{name}.png").astype(int) for name in ("out", "plain", "a"))
    assert "192x128 to 96x64" in caplog.text
    assert np.array_equal(out[:, :31], before[:, :31])
    assert np.array_equal(out[:, 66:], plain[:, 66:])
    middle = np.abs(out[:, 48] - (before[:, 48] + plain[:, 48]) / 2)
    assert middle.mean() < 8.0


def test_a_part_is_cut_out_then_scaled_with_its_mask(tmp_path: Path, pack: Path) -> None:
    source = draw(tmp_path / "a.png")
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 48:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    more = {"crop": (32, 0, 32, 64), "size": (400, 32), "mask": tmp_path / "mask.png"}
    paint(source, tmp_path / "out.png", pack, **more)
    paint(source, tmp_path / "same.png", pack, **{**more, "strength": 0.0})
    out, same = pixels(tmp_path / "out.png"), pixels(tmp_path / "same.png")
    assert out.shape == (32, 16, 3)
    assert (
        away(same, np.asarray(Image.open(source).crop((32, 0, 64, 64)).resize((16, 32), Image.Resampling.BICUBIC)))
        < 2.0
    )
    assert away(out[:, :7], same[:, :7]) < 1.0 < 5.0 < away(out[:, 9:], same[:, 9:])
    with pytest.raises(ConfigError, match="--crop 90,0,32,64 goes beyond the picture of 96x64 px"):
        paint(source, tmp_path / "out.png", pack, crop=(90, 0, 32, 64))


def test_what_else_is_in_a_picture_stays(tmp_path: Path, pack: Path) -> None:
    alpha = np.linspace(0, 255, 96).astype(np.uint8)[None].repeat(64, 0)
    picture = Image.open(draw(tmp_path / "a.png")).convert("RGB")
    picture.putalpha(Image.fromarray(alpha))
    picture.save(tmp_path / "alpha.png", icc_profile=b"a profile")
    paint(tmp_path / "alpha.png", tmp_path / "out.png", pack)
    with Image.open(tmp_path / "out.png") as opened:
        assert np.array_equal(np.asarray(opened)[:, :, 3], alpha)
        assert opened.info["icc_profile"] == b"a profile"


def test_a_photograph_is_painted_upright(tmp_path: Path, pack: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"  # orientation, maker
    source = draw(tmp_path / "a.png", exif=exif)
    paint(source, tmp_path / "out.png", pack, strength=0.0)
    with Image.open(tmp_path / "out.png") as opened:
        assert opened.getexif() == {0x010F: "a camera"}
        assert np.array_equal(np.asarray(opened), np.rot90(pixels(source), -1))


def test_sixteen_bits_of_grey_are_not_cut_off(tmp_path: Path, pack: Path) -> None:
    deep = np.linspace(0, 65_535, 96).astype(np.uint16)[None].repeat(64, 0)
    Image.fromarray(deep).save(tmp_path / "a.png")
    paint(tmp_path / "a.png", tmp_path / "out.png", pack, strength=0.0)
    assert np.array_equal(pixels(tmp_path / "out.png")[0, :, 0], deep[0] >> 8)


def folder(tmp_path: Path) -> Path:
    """Four pictures, one of them damaged, a film, and a file that is neither."""
    source = tmp_path / "in"
    for number, name in enumerate(("a.png", "b.jpg", "deep/c.png")):
        draw(source / name, number)
    whole = draw(source / "torn.png", 3).read_bytes()
    (source / "torn.png").write_bytes(whole[: len(whole) // 2])
    film(source / "deep" / "film.mkv", 3)
    (source / "notes.txt").write_text("not painted")
    return source


def test_a_folder_goes_on_after_a_damaged_file(tmp_path: Path, pack: Path) -> None:
    report = paint(folder(tmp_path), tmp_path / "out", pack)
    files = sorted(str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert files == ["a.png", "b.jpg", "deep/c.png", "deep/film.mkv", "stylize.json"]
    assert (report.painted, report.frames, report.skipped) == (4, 3, 0)
    assert list(report.failed) == ["torn.png"]
    assert "can't read" in report.failed["torn.png"]


def test_resume_does_only_what_is_missing(tmp_path: Path, pack: Path) -> None:
    source = folder(tmp_path)
    paint(source, tmp_path / "out", pack)
    draw(source / "torn.png", 3)
    (tmp_path / "out" / "a.png").write_bytes(b"as it was left")
    report = paint(source, tmp_path / "out", pack, resume=True)
    assert (report.painted, report.skipped, report.failed) == (1, 4, {})
    assert (tmp_path / "out" / "a.png").read_bytes() == b"as it was left"
    with pytest.raises(ConfigError, match="was painted with other settings"):
        paint(source, tmp_path / "out", pack, resume=True, styles=("style-2",))


def test_shards_share_a_folder_among_them(tmp_path: Path, pack: Path) -> None:
    source = tmp_path / "in"
    for number in range(5):
        draw(source / f"{number}.png", number)
    counts = [paint(source, tmp_path / "out", pack, shard={"number": n, "of": 2}).painted for n in (1, 2)]
    paint(source, tmp_path / "whole", pack)
    assert counts == [3, 2]
    for number in range(5):
        assert np.array_equal(pixels(tmp_path / "out" / f"{number}.png"), pixels(tmp_path / "whole" / f"{number}.png"))


def test_pictures_of_one_name_stay_apart_as_png(tmp_path: Path, pack: Path) -> None:
    draw(tmp_path / "in" / "a.jpg")
    draw(tmp_path / "in" / "a.bmp")
    paint(tmp_path / "in", tmp_path / "out", pack, png=True)
    assert sorted(file.name for file in (tmp_path / "out").glob("*.png")) == ["a.bmp.png", "a.jpg.png"]


def test_settings_say_how_it_was_painted(tmp_path: Path, pack: Path) -> None:
    source = draw(tmp_path / "a.png")
    paint(source, tmp_path / "out.png", pack, styles=("style-2:2",), strength=0.5)
    said = read_settings(tmp_path / "out.png.json", "stylize")
    again = make_options({**said["settings"], "output": tmp_path / "again.png"})
    assert (again.styles, again.strength, again.input) == (("style-2:2",), 0.5, str(source))
    assert said["pack"]["name"] == "tiny"
    assert set(said["sha256"]) == {str(source), str(pack / "weights.safetensors")}


def test_batches_paint_as_one_by_one(pack: Path) -> None:
    compute = Compute("cpu", "float32", 1, "it is a test")
    pictures = [torch.from_numpy(np.roll(np.full((3, 40, 56), 90, np.uint8) + n * 9, n)) for n in range(3)]
    pictures = [(picture + torch.arange(56) * (n + 1)).to(torch.uint8) for n, picture in enumerate(pictures)]
    shares = [0.5, 0.0, 0.5]
    together = BatchPainter(read_pack(pack), compute).paint(torch.stack(pictures), shares)
    engine = Engine(read_pack(pack), compute)
    for one, other in zip(together, pictures, strict=True):
        assert int((one.int() - engine.paint_still(other, shares).int()).abs().max()) <= 1


def test_a_full_disk_leaves_what_is_whole(tmp_path: Path, pack: Path) -> None:
    source = tmp_path / "in"
    for name in ("a.png", "b.png", "c.png"):
        draw(source / name)
    (tmp_path / "out").mkdir()
    part_of(tmp_path / "out" / "b.png").symlink_to("/dev/full")
    with pytest.raises(RenderError, match="No space left on device: make room there, then go on with"):
        paint(source, tmp_path / "out", pack)
    assert pixels(tmp_path / "out" / "a.png").shape == (64, 96, 3)
    assert not (tmp_path / "out" / "b.png").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"output": "out.xyz"}, "pictures are written as .jpg"),
        ({"output": "a.png"}, "is the input"),
        ({"mix": "0:style-1"}, "--mix changes styles over time"),
        ({"shard": {"number": 1, "of": 2}}, "--shard cuts folders and films"),
        ({"styles": ("style-1",), "mix": "0:style-1"}, "--style and --mix both"),
        ({"outside": ("style-1",)}, "--outside has no mask"),
        ({"input": "none.png"}, "there is no file .*none.png"),
        ({"input": "empty", "output": "out"}, "has neither pictures nor films"),
        ({"input": "empty", "output": "empty"}, "is the input"),
        ({"strength": 2.0}, "strength = 2.0 can't be used"),
        ({"mask": "text.png"}, "can't read the mask"),
        ({"mask": "black.png"}, "is black all over"),
        ({"input": "text.png"}, "is no picture that can be read"),
    ],
)
def test_bad_input_is_one_clear_line(given: dict[str, object], said: str, tmp_path: Path, pack: Path) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (96, 64)).save(tmp_path / "black.png")
    usual: dict[str, object] = {"input": "a.png", "output": "out.png"}
    all_of_it = {
        name: str(tmp_path / str(v)) if name in ("input", "output", "mask") else v
        for name, v in (usual | given).items()
    }
    with pytest.raises((ConfigError, MediaError, RenderError), match=said) as told:
        paint(all_of_it.pop("input"), all_of_it.pop("output"), pack, **all_of_it)  # type: ignore[arg-type]
    assert "\n" not in str(told.value)
    assert not (tmp_path / "out.png").exists()


def test_a_size_that_the_format_cannot_hold_is_told(tmp_path: Path) -> None:
    wide = Picture(torch.zeros((3, 1, 17_000), dtype=torch.uint8))
    with pytest.raises(RenderError, match="can't be written at 17000x1 px"):
        write_picture(tmp_path / "out.webp", wide)
    assert not list(tmp_path.iterdir())


def test_each_file_of_a_folder_has_a_mask_of_its_own(tmp_path: Path, pack: Path) -> None:
    for name, white in (("a[1]", 255), ("b", 0)):
        draw(tmp_path / "in" / f"{name}.jpg")
        (tmp_path / "masks").mkdir(exist_ok=True)
        mask = np.full((64, 96), 255 - white, np.uint8)
        mask[:, :48] = white
        Image.fromarray(mask).save(tmp_path / "masks" / f"{name}.png")
    paint(tmp_path / "in", tmp_path / "out", pack, mask=tmp_path / "masks", png=True)
    for name, kept in (("a[1]", slice(50, 96)), ("b", slice(0, 46))):
        before = pixels(tmp_path / "in" / f"{name}.jpg")
        painted = pixels(tmp_path / "out" / f"{name}.png")
        assert np.array_equal(painted[:, kept], before[:, kept])
        assert not np.array_equal(painted, before)
