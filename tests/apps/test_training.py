"""`murai train` from pictures to a pack, on drawn pictures and a perceptual network of random weights."""

from __future__ import annotations

import copy
import io
import logging
import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from torch.nn import functional as F

from murai.apps import training_run
from murai.apps.previews import draw_scene
from murai.apps.training import train_pack
from murai.apps.training_options import TrainingOptions, parse_styles
from murai.errors import ConfigError, PackError, TrainingError
from murai.hardware import Compute
from murai.stylize.engine import Engine
from murai.stylize.pack import load_weights, read_pack
from murai.training.checkpoint import read_checkpoint, write_checkpoint
from murai.training.losses import LossWeights
from tests.apps.training_runs import NAMES, draw_everything, finished_run, options_in, trained
from tests.fakes.runs import Home
from tests.sources.clips import moving, write_clip
from tests.training.tiny import draw_photograph, draw_photographs, tiny_recipe

pytestmark = pytest.mark.usefixtures("one_thread")

_PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_everything(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def finished(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingOptions:
    return finished_run(drawn, tmp_path_factory.mktemp("finished"))


def blurred(picture: torch.Tensor) -> torch.Tensor:
    """Without what a JPEG leaves out."""
    return F.avg_pool2d(picture.float(), 8)


def test_a_trained_pack_is_whole_told_and_paints_as_it_was_trained(drawn: Path, tmp_path: Path) -> None:
    about = {"wave": {"artist": "Hokusai", "year": 1831}, "pack": {"title": "Three", "licence": "CC0-1.0"}}
    recipe = tiny_recipe(steps=25, vector_rate=0.2)  # far apart soon
    pack = trained(options_in(drawn, tmp_path, about=about, recipe=recipe))
    assert (pack.facts.name, pack.facts.title, pack.facts.licence) == ("trio", "Three", "CC0-1.0")
    assert [style.name for style in pack.styles] == list(NAMES)
    assert (pack.styles[0].title, pack.styles[0].artist, pack.styles[0].year) == ("Wave", "Hokusai", "1831")
    told = pack.facts.training
    assert (told["steps"], told["photographs"], told["device"]) == (25, 16, "1 CPU core")
    assert (told["style_weight"], told["batch"], told["perceptual"]) == (5.0, 2, "vgg19-local")
    assert "clip_weight" not in told, "no film was learnt from"
    assert all(set(style.training) == {"content", "style"} for style in pack.styles)
    weights = load_weights(pack)
    assert weights.mean.shape == weights.scale.shape and float(weights.mean.abs().max()) > 0.0

    engine = Engine(pack, Compute("cpu", "float32", 1, "for tests"))
    scene = draw_scene()
    for number, style in enumerate(pack.styles):
        with Image.open(pack.folder / style.preview) as opened:
            preview = torch.from_numpy(np.array(opened)).permute(2, 0, 1)
        shares = ([float(n == other) for n in range(3)] for other in range(3))
        apart = [float((blurred(engine.paint_still(scene, s)) - blurred(preview)).abs().mean()) for s in shares]
        assert apart[number] < 1.5
        assert all(apart[other] > 1.5 * apart[number] for other in range(3) if other != number), apart
    for file in ("losses.png", "samples.jpg"):
        with Image.open(pack.folder / file) as opened:
            assert min(opened.size) > 300


def interrupt_after(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """As Ctrl+C would; with a checkpoint after every step before."""

    def told(report: Any) -> str:
        if report.step > step:
            raise KeyboardInterrupt
        return ""

    monkeypatch.setattr(training_run, "_SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(training_run, "_told", told)


def test_a_run_that_was_interrupted_goes_on_to_the_same_pack(
    drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_clip(tmp_path / "film.mp4", moving(30))
    through = trained(options_in(drawn, tmp_path / "through", clips=(film,)))
    assert through.facts.training["clip_weight"] == LossWeights.clip
    options = options_in(drawn, tmp_path / "interrupted", clips=(film,))
    with monkeypatch.context() as patched:
        interrupt_after(patched, step=5)
        with pytest.raises(KeyboardInterrupt):
            trained(options)
    assert not options.pack.exists()
    pack = trained(replace(options, resume=True))
    assert pack.facts.network.sha256 == through.facts.network.sha256
    assert pack.styles == through.styles
    curves = [
        read_checkpoint(tmp_path / run / "runs" / "checkpoint.pt")["curves"] for run in ("through", "interrupted")
    ]
    assert curves[0] == curves[1]


def test_ctrl_c_keeps_the_step_that_it_came_in(
    finished: TrainingOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    options = replace(finished, pack=tmp_path / "stopped", checkpoint=tmp_path / "stopped.pt")

    def told(report: Any) -> str:
        if report.step == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return ""

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(training_run, "_told", told)
        trained(options)
    assert "stopped after step 3; the same command with --resume goes on" in caplog.text
    assert read_checkpoint(options.checkpoint)["trainer"]["step"] == 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    pack = trained(replace(options, resume=True))
    assert pack.facts.network.sha256 == read_pack(finished.pack).facts.network.sha256


def test_a_second_ctrl_c_does_not_wait_for_the_step(
    finished: TrainingOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(report: Any) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return ""

    monkeypatch.setattr(training_run, "_told", told)
    with pytest.raises(KeyboardInterrupt):
        trained(replace(finished, pack=tmp_path / "stopped", checkpoint=tmp_path / "stopped.pt"))
    assert not (tmp_path / "stopped.pt").exists()


def test_a_finished_run_can_write_its_pack_again(finished: TrainingOptions, tmp_path: Path) -> None:
    again = trained(replace(finished, resume=True, pack=tmp_path / "again"))
    assert again.facts.network.sha256 == read_pack(finished.pack).facts.network.sha256


def test_resuming_with_other_pictures_or_settings_is_refused(finished: TrainingOptions) -> None:
    resumed = replace(finished, resume=True)
    with pytest.raises(TrainingError, match=r"checkpoint is of other style images.*--resume"):
        trained(replace(resumed, styles=tuple(reversed(finished.styles))))
    with pytest.raises(TrainingError, match=r"other settings \(steps\).*--resume"):
        trained(replace(resumed, recipe=tiny_recipe(steps=7)))


def test_resuming_from_nothing_or_from_something_else_is_refused(drawn: Path, tmp_path: Path) -> None:
    options = options_in(drawn, tmp_path, resume=True)
    with pytest.raises(TrainingError, match=r"can't read the checkpoint .*checkpoint\.pt"):
        trained(options)
    write_checkpoint(options.checkpoint, {"weights": torch.zeros(3)})
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is no checkpoint of this `murai train`"):
        trained(options)


def test_a_twin_is_put_into_its_pack(finished: TrainingOptions, tmp_path: Path) -> None:
    original = tmp_path / "trio"
    shutil.copytree(finished.pack, original)
    other = replace(finished, checkpoint=tmp_path / "twin.pt", recipe=tiny_recipe(steps=1, seed=3))
    twin = trained(replace(other, pack=tmp_path / "twin", twin_of=original))
    pack = read_pack(original)
    assert pack.facts.network.twin_sha256 == twin.facts.network.sha256 != pack.facts.network.sha256
    assert torch.equal(load_weights(pack, twin=True).scale, load_weights(twin).scale)


def test_what_can_be_no_twin_is_told_before_the_training(finished: TrainingOptions, tmp_path: Path) -> None:
    options = replace(finished, checkpoint=tmp_path / "twin.pt", pack=tmp_path / "twin", twin_of=finished.pack)
    with pytest.raises(PackError, match=r"twin is no twin of .*trio: width, blocks, detail or styles differ"):
        trained(replace(options, styles=finished.styles[:2]))
    with pytest.raises(PackError, match="is no style pack"):
        trained(replace(options, twin_of=tmp_path))
    assert not options.checkpoint.exists()


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"wave": {"artists": "Hokusai"}}, r"\[wave\] has an unknown entry 'artists'.*title, artist, year, credit"),
        ({"pack": {"license": "CC0"}}, r"\[pack\] has an unknown entry 'license'.*title, licence"),
        ({"title": "Three"}, "'title' stands outside a table"),
        ({"Wave": {"title": "Wave"}}, r"there is no style 'Wave'.*known are wave, night, scream, pack"),
    ],
)
def test_what_is_told_wrongly_about_the_styles(drawn: Path, tmp_path: Path, about: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        trained(options_in(drawn, tmp_path, about=about))


@pytest.mark.parametrize("pack", ["file/trio", "file"])
def test_a_pack_that_cannot_be_written_is_told_before_the_training(drawn: Path, tmp_path: Path, pack: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PackError, match=rf"can't write the pack .*{pack}: .*name a folder"):
        trained(options_in(drawn, tmp_path, pack=tmp_path / pack))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal(drawn: Path, tmp_path: Path, terminal: bool) -> None:
    stream = io.StringIO()
    options = options_in(drawn, tmp_path, recipe=tiny_recipe(steps=1))
    train_pack(options, Console(file=stream, force_terminal=terminal, width=120))
    for shown in ("reading photographs", "16/16", "training", "100%", "style "):
        assert (shown in stream.getvalue()) == terminal, shown
    assert f"{options.pack}: 3 styles" in stream.getvalue()


def test_an_image_whose_name_is_no_name_for_a_style(drawn: Path, tmp_path: Path) -> None:
    file = draw_photograph(tmp_path / "große Welle!.png", 40, 40, seed=1)
    with pytest.raises(ConfigError, match=r"can't name a style.*rename the file"):
        trained(options_in(drawn, tmp_path, styles=parse_styles([str(file)])))


def test_too_few_photographs(drawn: Path, tmp_path: Path) -> None:
    few = draw_photographs(tmp_path / "few", 3)
    with pytest.raises(TrainingError, match=r"has 3 photographs.*wants 16"):
        trained(options_in(drawn, tmp_path, photographs=(few,)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"styles": parse_styles(["nowhere.png"])}, r"can't read the image nowhere\.png"),
        ({"photographs": (Path("nowhere"),)}, "there is no folder nowhere"),
    ],
)
def test_what_is_given_is_looked_at_before_the_perceptual_network(
    drawn: Path, tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    options = options_in(drawn, tmp_path)
    eyes = replace(options.perceptual, folder=tmp_path / "no")
    with pytest.raises(TrainingError, match=said):
        trained(replace(options, perceptual=eyes, **given))
    assert not options.pack.exists()


def test_the_layers_that_were_asked_for_are_measured_at(drawn: Path, tmp_path: Path) -> None:
    options = options_in(drawn, tmp_path, recipe=tiny_recipe(steps=1))
    options = replace(options, styles=options.styles[:1])
    usual = trained(options).styles[0].training
    eyes = replace(options.perceptual, style={"relu1_1": 1.0}, pooling="average")
    other = trained(replace(options, perceptual=eyes)).styles[0].training
    assert other["content"] != usual["content"]  # by the pooling before it
    assert 0.0 < other["style"] < usual["style"]
    with pytest.raises(TrainingError, match="has no layer 'relu9_1'"):
        trained(replace(options, perceptual=replace(eyes, style={"relu9_1": 1.0})))


def test_a_spoilt_state_is_never_written(
    drawn: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an absurd rate the weights become no numbers, again and again."""
    written = []
    monkeypatch.setattr(training_run, "_SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(training_run, "write_checkpoint", lambda file, state: written.append(copy.deepcopy(state)))
    options = options_in(drawn, tmp_path, recipe=tiny_recipe(steps=60, vector_rate=1e38, kernel_rate=1e38))
    with caplog.at_level(logging.WARNING), pytest.raises(TrainingError, match=r"the loss is nan at step \d+.*--seed"):
        trained(options)
    assert "on at half the rate" in caplog.text
    weights = [tensor for state in written for tensor in state["trainer"]["model"].values()]
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights)
    assert not options.pack.exists()


COMMAND = ("--threads", "1", "--square-px", "32", "--late-square-px", "40", "--width", "0.25", "--blocks", "1")


def words(drawn: Path, *more: str) -> tuple[str, ...]:
    photographs = ("--photographs", str(drawn / "photographs"), "--perceptual", str(drawn / "perceptual"))
    return ("train", str(drawn / "night.png"), *photographs, *COMMAND, *more)


def test_the_command_trains_by_the_clock_and_resumes(drawn: Path, tmp_path: Path) -> None:
    home = Home(tmp_path)
    (tmp_path / "about.toml").write_text('[night]\ntitle = "The Night"\n')
    told = words(drawn, "--about", "about.toml", "--time", "1s", "--tensorboard", "board", "-o")
    assert home.murai(*told, "solo") == (0, "solo: 1 styles\n", "")
    assert (tmp_path / "runs" / "solo.pt").is_file() and list((tmp_path / "board").iterdir())
    pack = read_pack(tmp_path / "solo")
    assert pack.styles[0].title == "The Night" and int(pack.facts.training["steps"]) > 1
    assert home.murai(*told, "again", "--checkpoint", "runs/solo.pt", "--resume") == (0, "again: 1 styles\n", "")
    assert read_pack(tmp_path / "again").facts.network.sha256 == pack.facts.network.sha256


def test_a_pack_with_other_styles_is_not_replaced(drawn: Path, finished: TrainingOptions, tmp_path: Path) -> None:
    shutil.copytree(finished.pack, tmp_path / "trio")
    with pytest.raises(TrainingError, match=r"trio is a pack with styles .*\(night, scream\).*--into"):
        trained(options_in(drawn, tmp_path, names=("wave",)))
    assert not (tmp_path / "runs").exists()


def test_the_checkpoint_of_the_run_before_is_kept(
    finished: TrainingOptions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint = tmp_path / "a.pt"
    shutil.copy(finished.checkpoint, checkpoint)
    options = replace(finished, pack=tmp_path / "a", checkpoint=checkpoint, recipe=tiny_recipe(steps=1))
    trained(options)
    assert (tmp_path / "a.before.pt").read_bytes() == finished.checkpoint.read_bytes()
    assert f"kept as {tmp_path / 'a.before.pt'}" in caplog.text
    trained(replace(options, resume=True))
    assert read_checkpoint(tmp_path / "a.before.pt")["trainer"]["step"] == 6


def test_two_runs_with_one_checkpoint_at_once(
    drawn: Path, finished: TrainingOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = options_in(drawn, tmp_path, recipe=tiny_recipe(steps=1))
    waiting = [replace(options, pack=tmp_path / "second")]

    def start_another(report: object) -> str:
        return str(trained(waiting.pop())) if waiting else ""

    monkeypatch.setattr(training_run, "_told", start_another)
    with pytest.raises(TrainingError, match=r"another `murai train` writes the checkpoint .*checkpoint\.pt: wait"):
        trained(options)
    trained(options)  # the lock went with the run


def test_pack_toml_says_what_the_styles_were_learnt_from(drawn: Path, tmp_path: Path) -> None:
    mask = Image.new("L", (40, 40), 255)
    mask.save(tmp_path / "mask.png")
    words = [f"one={drawn / 'wave.png'},{drawn / 'night.png'}", str(drawn / "scream.png")]
    styles = parse_styles(words, ["one=2,3,32,34"], ["scream=5"], [f"one={tmp_path / 'mask.png'}"])
    pack = trained(options_in(drawn, tmp_path, styles=styles, recipe=tiny_recipe(steps=1)))
    one, scream = (style.image for style in pack.styles)
    assert one is not None and scream is not None
    assert (one.files, one.crop, one.mask) == (("wave.png", "night.png"), (2, 3, 32, 34), "mask.png")
    assert (scream.files, scream.crop, scream.rotate_deg, scream.style_px) == (("scream.png",), None, 5.0, 512)
    told = pack.facts.training
    assert (told["layers"], told["content_layers"]) == ("relu1_1,relu2_1,relu3_1,relu4_1", "relu3_1")
    assert told["pooling"] == "max" and str(tmp_path) not in (pack.folder / "pack.toml").read_text()


def test_a_killed_run_leaves_a_checkpoint_that_goes_on(drawn: Path, tmp_path: Path) -> None:
    """Killed while it saves after every step: what lies there is whole, and the run goes on from it."""
    code = "from murai.apps import training_run; training_run._SAVE_EVERY_S = 0.0; from murai.cli import main; main()"
    told = words(drawn, "--steps", "100000", "-o", "solo")
    checkpoint = tmp_path / "runs" / "solo.pt"
    with Home(tmp_path).start_code(code, *told) as process:
        end_s = time.monotonic() + _PATIENCE_S
        while not checkpoint.exists() or read_checkpoint(checkpoint)["trainer"]["step"] < 3:
            assert process.poll() is None and time.monotonic() < end_s
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    found = read_checkpoint(checkpoint)
    at_step = found["trainer"]["step"]
    found["trainer"]["recipe"]["steps"] = at_step + 2  # or it would go on for long
    write_checkpoint(checkpoint, found)
    assert Home(tmp_path).murai(*words(drawn, "--steps", str(at_step + 2), "-o", "solo", "--resume"))[0] == 0
    assert read_checkpoint(checkpoint)["trainer"]["step"] == at_step + 2


def test_a_known_fault_is_one_line_and_status_1(drawn: Path, tmp_path: Path) -> None:
    told = ("train", str(drawn / "wave.png"), "-o", "solo", "--photographs", str(drawn / "photographs"))
    status, out, err = Home(tmp_path).murai(*told, "--perceptual", "no")
    assert (status, out) == (1, "")
    assert err.startswith("murai: can't read the perceptual network no/")
    assert err.count("\n") == 1
