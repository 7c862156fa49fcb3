"""`murai train` from pictures to a pack, on drawn pictures and a perceptual network of random weights."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from torch.nn import functional as F

from murai.apps import training
from murai.apps.training import TrainingOptions, train_pack
from murai.errors import ConfigError, PackError, TrainingError
from murai.hardware import Compute
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack, load_weights, read_pack
from murai.training.checkpoint import write_checkpoint
from tests.fakes.runs import Home
from tests.networks.vgg_files import write_vgg_files
from tests.training.tiny import draw_photograph, draw_photographs, style_image, tiny_recipe

NAMES = ("wave", "night", "scream")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Sums in one order, whatever ran before."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Style images, photographs and the perceptual network's files."""
    folder = tmp_path_factory.mktemp("drawn")
    for number, name in enumerate(NAMES):
        Image.fromarray(style_image(number).permute(1, 2, 0).numpy()).save(folder / f"{name}.png")
    draw_photographs(folder / "photographs", 16)
    write_vgg_files(folder / "perceptual", thinner=8)
    return folder


def options_in(drawn: Path, folder: Path, **others: Any) -> TrainingOptions:
    """Six steps, three of them with fixed statistics."""
    options = TrainingOptions(
        images=tuple(drawn / f"{name}.png" for name in NAMES),
        pack=folder / "trio",
        photographs=drawn / "photographs",
        about={"wave": {"artist": "Hokusai", "year": 1831}, "pack": {"title": "Three", "licence": "CC0-1.0"}},
        perceptual=drawn / "perceptual",
        checkpoint=folder / "runs" / "checkpoint.pt",
        resume=False,
        recipe=tiny_recipe(steps=6),
    )
    return replace(options, **others)


def trained(options: TrainingOptions) -> Pack:
    train_pack(options, Console(quiet=True))
    return read_pack(options.pack)


def blurred(picture: torch.Tensor) -> torch.Tensor:
    """Without what a JPEG leaves out."""
    return F.avg_pool2d(picture.float(), 8)


def test_a_trained_pack_is_whole_told_and_paints_as_it_was_trained(drawn: Path, tmp_path: Path) -> None:
    pack = trained(options_in(drawn, tmp_path, recipe=tiny_recipe(steps=20, rate=0.5)))  # far apart soon
    load_weights(pack)
    assert (pack.facts.name, pack.facts.title, pack.facts.licence) == ("trio", "Three", "CC0-1.0")
    assert [style.name for style in pack.styles] == list(NAMES)
    assert (pack.styles[0].title, pack.styles[0].artist, pack.styles[0].year) == ("Wave", "Hokusai", "1831")
    assert (pack.facts.training["steps"], pack.facts.training["photographs"]) == (20, 16)
    assert all(set(style.training) == {"content", "style"} for style in pack.styles)

    engine = Engine(pack, Compute("cpu", "float32", 1, "for tests"))
    scene = torch.from_numpy(np.array(training.Scene((640, 360), seed=1).draw(1.0))).permute(2, 0, 1)
    for number, style in enumerate(pack.styles):
        with Image.open(pack.folder / style.preview) as opened:
            preview = torch.from_numpy(np.array(opened)).permute(2, 0, 1)
        apart = [
            float((blurred(engine.paint(scene, [float(n == other) for n in range(3)])) - blurred(preview)).abs().mean())
            for other in range(3)
        ]
        assert apart[number] < 1.0
        assert all(apart[other] > 1.5 * apart[number] for other in range(3) if other != number), apart


def interrupt_after(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """As Ctrl+C would; with a checkpoint after every step before."""

    def told(report: Any) -> str:
        if report.step > step:
            raise KeyboardInterrupt
        return ""

    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(training, "_told", told)


@pytest.mark.parametrize("step", [2, 4])
def test_a_run_that_was_interrupted_goes_on_to_the_same_pack(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    through = trained(options_in(drawn, tmp_path / "through"))
    options = options_in(drawn, tmp_path / "interrupted")
    with monkeypatch.context() as patched:
        interrupt_after(patched, step)
        with pytest.raises(KeyboardInterrupt):
            trained(options)
    assert not options.pack.exists()
    pack = trained(replace(options, resume=True))
    assert pack.facts.network.sha256 == through.facts.network.sha256
    assert pack.styles == through.styles


def test_a_finished_run_can_write_its_pack_again(drawn: Path, tmp_path: Path) -> None:
    options = options_in(drawn, tmp_path)
    first = trained(options)
    again = trained(replace(options, resume=True, pack=tmp_path / "again"))
    assert again.facts.network.sha256 == first.facts.network.sha256


def test_resuming_with_other_pictures_or_settings_is_refused(drawn: Path, tmp_path: Path) -> None:
    options = options_in(drawn, tmp_path)
    trained(options)
    resumed = replace(options, resume=True)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is of other style images.*--resume"):
        trained(replace(resumed, images=tuple(reversed(options.images))))
    with pytest.raises(TrainingError, match=r"other settings.*--resume"):
        trained(replace(resumed, recipe=tiny_recipe(steps=7)))


def test_resuming_from_nothing_or_from_something_else_is_refused(drawn: Path, tmp_path: Path) -> None:
    options = options_in(drawn, tmp_path, resume=True)
    with pytest.raises(TrainingError, match=r"can't read the checkpoint .*checkpoint\.pt"):
        trained(options)
    write_checkpoint(options.checkpoint, {"weights": torch.zeros(3)})
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is no checkpoint of `murai train`"):
        trained(options)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"wave": {"artists": "Hokusai"}}, r"\[wave\] has an unknown entry 'artists'.*title, artist, year, credit"),
        ({"pack": {"license": "CC0"}}, r"\[pack\] has an unknown entry 'license'.*title, licence"),
        ({"title": "Three"}, "'title' stands outside a table"),
        ({"Wave": {"title": "Wave"}}, "there is no style 'Wave'.*known are wave, night, scream, pack"),
    ],
)
def test_what_is_told_wrongly_about_the_styles(drawn: Path, tmp_path: Path, about: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        trained(options_in(drawn, tmp_path, about=about))


@pytest.mark.parametrize("pack", ["file/trio", "file"])
def test_a_pack_that_cannot_be_written_is_told_before_the_training(drawn: Path, tmp_path: Path, pack: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PackError, match=f"can't write the pack .*{pack}: .*name a folder"):
        trained(options_in(drawn, tmp_path, pack=tmp_path / pack))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("terminal", [True, False])
def test_reading_the_photographs_is_shown_on_a_terminal(drawn: Path, tmp_path: Path, terminal: bool) -> None:
    stream = io.StringIO()
    options = options_in(drawn, tmp_path, recipe=tiny_recipe(steps=1))
    train_pack(options, Console(file=stream, force_terminal=terminal, width=120))
    assert ("reading photographs" in stream.getvalue()) == terminal
    assert ("16/16" in stream.getvalue()) == terminal
    assert f"{options.pack}: 3 styles" in stream.getvalue()


def test_two_images_of_one_name_are_refused_before_the_training(drawn: Path, tmp_path: Path) -> None:
    same = draw_photograph(tmp_path / "WAVE.jpg", 40, 40, seed=1)
    with pytest.raises(ConfigError, match="two of the images name the style 'wave'"):
        trained(options_in(drawn, tmp_path, images=(drawn / "wave.png", same)))
    assert not (tmp_path / "runs").exists()


def test_an_image_whose_name_is_no_name_for_a_style(drawn: Path, tmp_path: Path) -> None:
    file = draw_photograph(tmp_path / "große Welle!.png", 40, 40, seed=1)
    with pytest.raises(ConfigError, match=r"can't name a style.*rename the file"):
        trained(options_in(drawn, tmp_path, images=(file,), about={}))


def test_too_few_photographs_and_missing_images(drawn: Path, tmp_path: Path) -> None:
    few = draw_photographs(tmp_path / "few", 3)
    with pytest.raises(TrainingError, match=r"has 3 photographs.*wants 16"):
        trained(options_in(drawn, tmp_path, photographs=few))
    with pytest.raises(TrainingError, match=r"nowhere\.png"):
        trained(options_in(drawn, tmp_path, images=(tmp_path / "nowhere.png",), about={}))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": (Path("nowhere.png"),), "about": {}}, r"can't read the image nowhere\.png"),
        ({"photographs": Path("nowhere")}, "there is no folder nowhere"),
    ],
)
def test_what_is_given_is_looked_at_before_the_perceptual_network(
    drawn: Path, tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(TrainingError, match=said):
        trained(options_in(drawn, tmp_path, perceptual=tmp_path / "no", **given))
    assert not (tmp_path / "trio").exists()


def test_the_command_trains_resumes_and_verifies(drawn: Path, tmp_path: Path) -> None:
    home = Home(tmp_path)
    photographs = str(draw_photographs(tmp_path / "photographs", 16, 200, 200))
    (tmp_path / "about.toml").write_text('[night]\ntitle = "The Night"\n')
    given = ("--photographs", photographs, "--perceptual", str(drawn / "perceptual"), "--about", "about.toml")
    words = ("train", str(drawn / "night.png"), *given, "--steps", "1", "-o")
    # One thread: two that wait for each other take ten times as long where something else runs.
    assert home.murai(*words, "solo", OMP_NUM_THREADS="1") == (0, "solo: 1 styles\n", "")
    assert (tmp_path / "runs" / "checkpoint.pt").is_file()
    assert read_pack(tmp_path / "solo").styles[0].title == "The Night"
    assert home.murai(*words, "again", "--resume", OMP_NUM_THREADS="1") == (0, "again: 1 styles\n", "")
    assert home.murai("styles", "verify", "again") == (0, "again: whole, 1 styles\n", "")


def test_a_known_fault_is_one_line_and_status_1(drawn: Path, tmp_path: Path) -> None:
    photographs = str(drawn / "photographs")
    words = ("train", str(drawn / "wave.png"), "-o", "solo", "--photographs", photographs, "--perceptual", "no")
    status, out, err = Home(tmp_path).murai(*words)
    assert (status, out) == (1, "")
    assert err.startswith("murai: can't read the perceptual network no/")
    assert err.count("\n") == 1
