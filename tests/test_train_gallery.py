"""scripts/train_gallery.py: its commands make a pack with its twin, and what is done isn't done again."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
import train_gallery
from PIL import Image
from typer.testing import CliRunner

from murai.cli import app
from murai.stylize.pack import load_weights, read_pack
from murai.training.checkpoint import read_checkpoint
from tests.networks.vgg_files import write_vgg_files
from tests.training.tiny import draw_photographs, style_image

ROOT = Path(__file__).parent.parent
MURALS = ("tropical", "wildstyle")
SMALL = "--square-px 32 --late-square-px 32 --style-px 64 --batch 2 --threads 1"
COMMAND = "duo --title Duo --paintings paintings --photographs photographs --work work"
TIMES = "--unsteady 1s --steady 1s --murals 1s"


def paintings() -> list[str]:
    about = tomllib.loads((ROOT / "scripts" / "gallery.toml").read_text(encoding="utf-8"))
    return [name for name in about if name not in ("pack", *MURALS)]


def draw(folder: Path, names: Sequence[str], ending: str) -> None:
    folder.mkdir()
    for number, name in enumerate(names):
        Image.fromarray(style_image(number % 3).permute(1, 2, 0).numpy()).save(folder / f"{name}.{ending}")


@pytest.fixture(autouse=True)
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "paintings", [*paintings(), "nobody_knows_it"], "jpg")
    draw_photographs(tmp_path / "photographs", 16)
    write_vgg_files(tmp_path / "perceptual", thinner=8)
    for work in ("work", "second"):  # small ones, drawn already
        (tmp_path / work).mkdir()
        draw(tmp_path / work / "murals", MURALS, "png")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The trainings that were called for. They run in this process."""
    made: list[list[str]] = []

    def run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        assert words[:4] == [sys.executable, "-m", "murai", "train"]
        made.append(list(words[4:]))
        return subprocess.CompletedProcess(words, CliRunner().invoke(app, words[3:]).exit_code)

    monkeypatch.setattr(subprocess, "run", run)
    return made


def told(further: str = "") -> argparse.Namespace:
    return train_gallery.read_command(shlex.split(f"{COMMAND} {TIMES} {further}"))


def options(shape: str = "--width 0.25 --blocks 1") -> list[str]:
    return [*SMALL.split(), *shape.split(), "--perceptual", "perceptual"]


def value(call: list[str], option: str) -> str:
    return call[call.index(option) + 1]


def test_a_pack_with_its_twin_is_made_once_and_can_be_begun_with(calls: list[list[str]]) -> None:
    pack = read_pack(train_gallery.train_gallery(told(), options()))
    assert [style.name for style in pack.styles] == [*paintings(), *MURALS]
    assert (pack.facts.name, pack.facts.title, pack.styles[4].artist) == ("duo", "Duo", "Katsushika Hokusai")
    steady, twin = load_weights(pack), load_weights(pack, twin=True)
    assert not steady.network.head.weight.equal(twin.network.head.weight)

    unsteadily, steadily, with_murals, of_twin = calls
    assert "--no-stability" in unsteadily and "--no-stability" in of_twin
    assert value(steadily, "--start") == value(unsteadily, "--checkpoint")
    assert value(steadily, "--rate") == "0.25"
    assert value(steadily, "--noise-weight") == value(with_murals, "--noise-weight") == "100"
    begun = read_checkpoint(Path(value(steadily, "--checkpoint")))["trainer"]["recipe"]["kernel_rate"]
    assert begun == read_checkpoint(Path(value(unsteadily, "--checkpoint")))["trainer"]["recipe"]["kernel_rate"] / 4

    train_gallery.train_gallery(told(), options())
    assert len(calls) == 4
    with pytest.raises(train_gallery.NotTrained, match=r"unsteady/duo was trained with other options"):
        train_gallery.train_gallery(told(), options("--width 0.5"))
    larger = told(f"--start {pack.folder} --work second")
    assert read_pack(train_gallery.train_gallery(larger, options("--width 0.5"))).facts.network.width == 0.5
    assert value(calls[4], "--rate") == "0.4"


def test_what_was_interrupted_is_resumed(calls: list[list[str]]) -> None:
    Path("work/unsteady-duo.pt").write_bytes(b"a checkpoint, but a damaged one")
    with pytest.raises(train_gallery.NotTrained, match=r"ended with status 1; what it said stands above"):
        train_gallery.train_gallery(told(), options())
    assert len(calls) == 1 and "--resume" in calls[0]


@pytest.mark.parametrize(("words", "said"), [("../evil", "is no name"), ("duo --murals 5x", "'5x' is no time")])
def test_what_cannot_be_used_is_told_at_once(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train_gallery.read_command([*shlex.split(COMMAND)[1:], *TIMES.split(), *words.split()])
    assert said in capsys.readouterr().err


def test_murals_are_drawn_where_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_gallery, "_MURAL_PX", 64)
    with Image.open(train_gallery._mural(tmp_path / "new", "tropical")) as drawn:
        assert drawn.size == (64, 64)


def test_a_painting_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("paintings/udnie.jpg").unlink()
    monkeypatch.setattr(sys, "argv", ["train_gallery.py", *shlex.split(f"{COMMAND} {TIMES} -- --width 3")])
    assert train_gallery.main() == 1
    assert capsys.readouterr().err == "train_gallery: paintings lacks udnie.jpg: add it\n"
