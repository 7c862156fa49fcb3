"""Finding packs, and the packs that come with Murai."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.core.paths import shipped
from murai.errors import StyleMissing
from murai.hardware import choose_compute
from murai.sources.scene import Scene
from murai.stylize.engine import Engine
from murai.stylize.pack import load_weights, read_pack
from murai.stylize.shelf import find_pack, pack_folders
from tests.fakes.packs import write_tiny_pack

SHIPPED = list(pack_folders())
MOST_BYTES = 8 * 1024 * 1024


def test_a_pack_is_found_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_tiny_pack(tmp_path / "mine")
    assert find_pack(str(folder)).folder == folder
    monkeypatch.chdir(tmp_path)
    assert find_pack("mine").facts.name == "mine"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_pack("~/mine").folder == folder


def test_a_shipped_pack_is_found_by_its_name_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in SHIPPED:
        assert find_pack(folder.name).folder == folder


def test_an_unknown_pack_is_told_with_those_that_there_are() -> None:
    names = ", ".join(folder.name for folder in SHIPPED)
    with pytest.raises(StyleMissing, match=f"no style pack 'cubism'.*{names}"):
        find_pack("cubism")


def test_auto_is_the_pack_for_the_device() -> None:
    assert find_pack("auto", "cpu").facts.name == "gallery-lite"
    assert find_pack("auto", "cuda").facts.name == "gallery"


def test_the_pack_for_a_gpu_has_the_same_styles_in_the_same_order_and_a_larger_network() -> None:
    lite, large = find_pack("gallery-lite"), find_pack("gallery")
    assert [style.name for style in lite.styles] == [style.name for style in large.styles]
    assert large.facts.network.width > lite.facts.network.width


def test_every_folder_in_styles_is_a_pack() -> None:
    assert SHIPPED
    assert sorted(folder for folder in shipped("styles").iterdir() if folder.is_dir()) == SHIPPED


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_pack_is_whole(folder: Path) -> None:
    pack = read_pack(folder)
    load_weights(pack)
    assert pack.facts.name == folder.name
    assert pack.facts.licence
    for style in pack.styles:
        assert style.title and style.artist and style.year, style.name
        with Image.open(folder / style.preview) as preview:
            preview.load()
            assert min(preview.size) >= 200, style.name


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_pack_is_small_and_has_nothing_but_its_own_files(folder: Path) -> None:
    needed = {"pack.toml", "weights.safetensors"} | {style.preview for style in read_pack(folder).styles}
    drawn = {"sheet.jpg", "samples.jpg", "losses.png"}
    twin = {"twin.safetensors"} if read_pack(folder).facts.network.twin_sha256 else set()
    assert needed | twin <= {file.name for file in folder.iterdir()} <= needed | twin | drawn
    assert sum(file.stat().st_size for file in folder.iterdir()) <= MOST_BYTES


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_pack_paints_no_frame(folder: Path) -> None:
    """Networks learn to paint bright rows along the edge of what they are trained on, of twice the usual contrast."""
    pack = read_pack(folder)
    engine, count = Engine(pack, choose_compute("cpu")), len(pack.styles)
    scene = torch.from_numpy(np.array(Scene((256, 144), seed=1).draw(1.0))).permute(2, 0, 1).contiguous()
    shares = ([float(n == style) for n in range(count)] for style in range(count))
    painted = torch.stack([engine.paint_still(scene, each) for each in shares]).float()
    for lines in (painted, painted.transpose(2, 3)):
        contrast = (lines[:, :, 1:] - lines[:, :, :-1]).abs().mean((1, 3))
        usual = contrast[:, 8:-8].mean(1)
        for outermost in (contrast[:, 0], contrast[:, -1]):
            assert float((outermost / usual).mean()) < 1.35
            assert float((outermost / usual).max()) < 2.6


def test_a_home_that_is_nobodys_holds_no_pack() -> None:
    with pytest.raises(StyleMissing, match="there is no style pack '~nobody-here/mine'"):
        find_pack("~nobody-here/mine")
