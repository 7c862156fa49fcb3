"""scripts/train_gallery.py: its commands make a pack with its twin, and what is done isn't done again."""

from __future__ import annotations

import argparse
import io
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console
from train_gallery import train_gallery
from typer.testing import CliRunner

from murai.cli import app
from murai.stylize.pack import load_weights, read_pack
from tests.networks.vgg_files import write_vgg_files
from tests.training.tiny import draw_photographs, style_image

PAINTINGS = ("great_wave", "the_scream")
MURALS = ("tropical", "wildstyle")
SMALL = "--square-px 32 --late-square-px 32 --style-px 64 --width 0.25 --blocks 1 --batch 2 --threads 1"


def draw(folder: Path, names: Sequence[str], ending: str) -> None:
    folder.mkdir()
    for number, name in enumerate(names):
        Image.fromarray(style_image(number).permute(1, 2, 0).numpy()).save(folder / f"{name}.{ending}")


@pytest.fixture
def told(tmp_path: Path) -> argparse.Namespace:
    draw(tmp_path / "paintings", [*PAINTINGS, "nobody_knows_it"], "jpg")
    draw_photographs(tmp_path / "photographs", 16)
    write_vgg_files(tmp_path / "perceptual", thinner=8)
    return argparse.Namespace(
        name="duo",
        title="Duo",
        paintings=tmp_path / "paintings",
        photographs=tmp_path / "photographs",
        work=tmp_path / "work",
        start=None,
        rate="0.4",
        unsteady="1s",
        steady="1s",
        murals="1s",
        processes=1,
        further=[*SMALL.split(), "--perceptual", str(tmp_path / "perceptual")],
    )


@pytest.fixture
def calls(told: argparse.Namespace, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The trainings that were called for. They run in this process, and murals are drawn small."""
    made: list[list[str]] = []

    def run(words: Sequence[str | Path], *, check: bool) -> None:
        assert check
        if Path(words[0]).name == "make_mural":
            if not (told.work / "murals").exists():
                draw(told.work / "murals", MURALS, "png")
            return
        assert words[1:4] == ["-m", "murai", "train"]
        made.append([str(word) for word in words[3:]])
        result = CliRunner().invoke(app, made[-1], catch_exceptions=False)
        assert result.exit_code == 0, result.output

    monkeypatch.setattr(subprocess, "run", run)
    return made


def test_a_pack_with_its_twin_is_made_once(told: argparse.Namespace, calls: list[list[str]]) -> None:
    pack = read_pack(train_gallery(told, Console(file=io.StringIO())))
    assert [style.name for style in pack.styles] == [*PAINTINGS, *MURALS]
    assert (pack.facts.name, pack.facts.title, pack.styles[1].artist) == ("duo", "Duo", "Edvard Munch")
    steady, twin = load_weights(pack), load_weights(pack, twin=True)
    assert not steady.network.head.weight.equal(twin.network.head.weight)
    assert len(calls) == 4
    train_gallery(told, Console(file=io.StringIO()))
    assert len(calls) == 4


def test_what_was_interrupted_goes_on(told: argparse.Namespace, calls: list[list[str]]) -> None:
    told.work.mkdir()
    (told.work / "unsteady-duo.pt").write_bytes(b"a checkpoint, but a damaged one")
    with pytest.raises(Exception, match="can't read the checkpoint"):
        train_gallery(told, Console(file=io.StringIO()))
    assert "--resume" in calls[0]
