"""`murai evaluate` on a pack of random weights, drawn pictures and a drawn film."""

from __future__ import annotations

import io
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from murai.apps.evaluation import evaluate_pack
from murai.apps.evaluation_options import EvaluationOptions, ImageOptions, LossOptions
from murai.apps.evaluation_painter import EnginePainter
from murai.apps.evaluation_table import show_result
from murai.cli import app
from murai.errors import ConfigError, HardwareError, MuraiError, StyleMissing, TrainingError
from murai.hardware import choose_compute
from murai.stylize.engine import Engine
from murai.stylize.pack import read_pack
from murai.stylize.pack_writer import add_twin, write_pack
from murai.training.evaluation.figures import StyleFigures
from tests.fakes.packs import tiny_contents, write_tiny_pack
from tests.networks.vgg_files import write_vgg_files
from tests.sources.clips import moving, write_clip
from tests.training.evaluation.drawn import texture
from tests.training.tiny import draw_photographs

ASKED_FOR = {
    "lbfgs_steps", "style_loss", "content_loss", "warping_error", "warping_error_raw", "warping_error_twin",
    "warping_error_shown", "noise_gain",
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of three styles, images of the first two, and what to measure with."""
    folder = tmp_path_factory.mktemp("drawn")
    write_tiny_pack(folder / "tiny")
    draw_photographs(folder / "photographs", 3, width=112, height=80)
    (folder / "photographs" / "broken.jpg").write_bytes(b"no picture")
    (folder / "paintings").mkdir()
    for number in (1, 2):
        picture = texture(96, 96, seed=number).permute(1, 2, 0).contiguous().numpy()
        Image.fromarray(picture).save(folder / "paintings" / f"style-{number}.png")
    write_clip(folder / "clip.mp4", moving(8))
    write_vgg_files(folder / "perceptual", thinner=8)
    return folder


def options_in(drawn: Path, out: Path, **others: Any) -> EvaluationOptions:
    """As small as it can be; all figures."""
    return replace(
        EvaluationOptions(
            pack=str(drawn / "tiny"), paintings=(str(drawn / "paintings"),), photographs=drawn / "photographs",
            clips=(drawn / "clip.mp4",), loss=LossOptions(drawn / "perceptual"), images=2, lbfgs_steps=3, square_px=64,
            size_px=(160, 96), json_file=out / "figures.json", sheet=out / "sheet.png", cache=out / "lbfgs",
        ),
        **others,
    )  # fmt: skip


def evaluate(options: EvaluationOptions) -> str:
    """Runs it; gives what a terminal of 80 columns would show."""
    console = Console(file=io.StringIO(), width=80)
    evaluate_pack(options, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_figures_sheets_and_table(drawn: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        shown = evaluate(options_in(drawn, tmp_path))
    result = json.loads((tmp_path / "figures.json").read_text())
    assert set(result["styles"]) == {"style-1", "style-2"}
    assert "no image of the style 'style-3'" in caplog.text and "broken.jpg" in caplog.text
    for figures in (*result["styles"].values(), result["mean"]):
        assert set(figures) >= ASKED_FOR
        assert figures["warping_error_twin"] is None
        assert figures["warping_error_shown"] != pytest.approx(figures["warping_error"], rel=0.01)
    pair = [result["styles"][name]["style_loss"] for name in ("style-1", "style-2")]
    assert result["mean"]["style_loss"] == pytest.approx(sum(pair) / 2, rel=1e-4)
    assert result["ms_per_frame"] > 0.0 and result["size"] == [160, 96]
    assert result["weights_bytes"] == (drawn / "tiny" / "weights.safetensors").stat().st_size
    for name in ("sheet.png", "sheet-lbfgs.png"):
        with Image.open(tmp_path / name) as sheet:
            assert sheet.width > 600 and sheet.height > 400
    assert "style-2" in shown and "…" not in shown and "at 160x96" in shown


def test_tables_fit_a_terminal_with_long_names_and_a_twin() -> None:
    figures = dict.fromkeys(StyleFigures.__dataclass_fields__, 12.34567)
    result = {"pack": "gallery", "styles": {"contrast_of_forms": figures}, "mean": figures, "size": [640, 360]}
    console = Console(file=io.StringIO(), width=80)
    clips = {"clip.mp4": dict.fromkeys(("warping_error", "warping_error_raw", "warping_error_twin"), 0.25)}
    show_result(result | {"clips": clips, "pack_bytes": 1, "ms_per_frame": 20.0, "device": "cpu"}, console)
    assert isinstance(console.file, io.StringIO)
    assert "…" not in console.file.getvalue() and console.file.getvalue().count("contrast_of_forms") == 2


def test_a_twin_has_its_own_figures(drawn: Path, tmp_path: Path) -> None:
    contents = tiny_contents()
    write_pack(tmp_path / "twin", replace(contents, scale=contents.scale * 2.0))
    write_pack(tmp_path / "pack", contents)
    add_twin(read_pack(tmp_path / "pack"), read_pack(tmp_path / "twin"))
    found = []
    for name in ("pack", "twin"):
        evaluate(options_in(drawn, tmp_path, pack=str(tmp_path / name), styles=("style-1",), sheet=None))
        found.append(json.loads((tmp_path / "figures.json").read_text())["styles"]["style-1"])
    pack, twin = found
    for figure in ("warping_error", "noise_gain", "style_loss", "total_loss"):
        assert pack[f"{figure}_twin"] == pytest.approx(twin[figure], rel=1e-4)
        assert pack[figure] != pytest.approx(twin[figure], rel=0.01)


def test_the_loss_is_the_one_that_the_pack_was_trained_for(drawn: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn / "tiny", tmp_path / "tiny")
    facts = (tmp_path / "tiny" / "pack.toml").read_text(encoding="utf-8")
    assert "steps = 0\n" in facts
    told = facts.replace("steps = 0\n", "steps = 0\nstyle_weight = 7.0\ntone_weight = 0.0\nnoise_weight = 9.0\n")
    (tmp_path / "tiny" / "pack.toml").write_text(told, encoding="utf-8")

    def mean_of(**others: Any) -> dict[str, float]:
        options = options_in(drawn, tmp_path, pack=str(tmp_path / "tiny"), styles=("style-1",), **others)
        evaluate_pack(options, Console(file=io.StringIO()))
        found: dict[str, float] = json.loads((tmp_path / "figures.json").read_text())["mean"]
        return found

    for style_weight, mean in (
        (7.0, mean_of()),
        (2.0, mean_of(loss=LossOptions(drawn / "perceptual", style_weight=2.0))),
    ):
        total = mean["content_loss"] + style_weight * mean["style_loss"] + 0.05 * mean["variation_loss"]
        assert mean["total_loss"] == pytest.approx(total, rel=1e-2)


def test_a_pack_that_was_trained_for_another_loss_is_told(
    drawn: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(drawn / "tiny", tmp_path / "tiny")
    facts = tmp_path / "tiny" / "pack.toml"
    other = 'steps = 0\nperceptual = "torchvision-vgg16"\nstyle_distance = "gram"\n'
    facts.write_text(facts.read_text(encoding="utf-8").replace("steps = 0\n", other), encoding="utf-8")
    evaluate(options_in(drawn, tmp_path, pack=str(tmp_path / "tiny"), styles=("style-1",), sheet=None))
    assert "pack 'tiny' was trained by torchvision-vgg16, and is measured by vgg19-local" in caplog.text
    assert "gram" not in caplog.text


def test_a_second_time_takes_the_kept_curves(drawn: Path, tmp_path: Path) -> None:
    options = options_in(drawn, tmp_path, styles=("style-2",), sheet=None)
    evaluate(options)
    first = (tmp_path / "figures.json").read_text()
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "lbfgs").iterdir()}
    evaluate(options)
    assert len(kept) == 4  # two photographs, from noise and from themselves
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "lbfgs").iterdir()} == kept
    again = json.loads((tmp_path / "figures.json").read_text())
    assert again["mean"]["lbfgs_steps"] == json.loads(first)["mean"]["lbfgs_steps"]


def test_several_clips_count_alike_and_each_is_told(drawn: Path, tmp_path: Path) -> None:
    second = write_clip(tmp_path / "second.mp4", moving(5))
    one, both = (
        options_in(drawn, tmp_path, styles=("style-1",), clips=clips, sheet=None)
        for clips in ((second,), (drawn / "clip.mp4", second))
    )
    evaluate(one)
    alone = json.loads((tmp_path / "figures.json").read_text())
    assert set(alone["clips"]) == {str(second)}
    shown = evaluate(both)
    result = json.loads((tmp_path / "figures.json").read_text())
    first, other = result["clips"].values()
    assert list(result["clips"]) == [str(drawn / "clip.mp4"), str(second)]
    assert other == alone["clips"][str(second)] and (first["frames"], other["frames"]) == (8, 5)
    for figure in ("warping_error", "warping_error_raw"):
        assert result["mean"][figure] == pytest.approx((first[figure] + other[figure]) / 2, rel=1e-3)
        assert first[figure] != other[figure]
    assert first["styles"] == {"style-1": first["warping_error"]} and first["warping_error_twin"] is None
    assert "second.mp4" in shown


@pytest.mark.parametrize(
    ("others", "kind", "told"),
    [
        ({"styles": ("style-3",)}, TrainingError, "no image of the style 'style-3': add one as style-3.jpg"),
        ({"styles": ("stile",)}, StyleMissing, "no style 'stile'"),
        ({"pack": "nowhere"}, StyleMissing, "no style pack 'nowhere'"),
        ({"images": 9}, TrainingError, "3 usable photographs of at least 64 px"),
        ({"clips": (Path("nowhere.mp4"),)}, TrainingError, "can't read the film nowhere.mp4"),
        ({"paintings": ("nowhere",)}, ConfigError, "no folder nowhere"),
        ({"photographs": Path("nowhere")}, ConfigError, "no folder nowhere"),
        ({"image": ImageOptions(crop=("stile=1,2,3,4",))}, ConfigError, "there is no style 'stile'"),
        ({"paintings": ("style-1=nowhere.png",)}, TrainingError, "can't read the image nowhere.png"),
        ({"device": "cuda"}, HardwareError, "CUDA"),
        ({"loss": LossOptions(Path("nowhere"))}, TrainingError, "can't read the perceptual network"),
    ],
)
def test_what_cannot_be_used_is_named(
    drawn: Path, tmp_path: Path, others: dict[str, Any], kind: type[MuraiError], told: str
) -> None:
    with pytest.raises(kind) as caught:
        evaluate(options_in(drawn, tmp_path, **others))
    assert told in str(caught.value)


def test_no_painting_of_any_style_is_an_error(drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(TrainingError, match="none of the styles of pack 'tiny'"):
        evaluate(options_in(drawn, tmp_path, paintings=(str(tmp_path / "none"),)))


def test_a_file_that_cannot_be_written_is_named(drawn: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TrainingError, match=r"can't write .*figures\.json"):
        evaluate(options_in(drawn, tmp_path, json_file=tmp_path / "file" / "figures.json"))
    with pytest.raises(TrainingError, match=r"can't write .*: it is a folder"):
        evaluate(options_in(drawn, tmp_path, sheet=tmp_path))
    (tmp_path / "figures.json.part").mkdir()
    with pytest.raises(TrainingError, match=r"can't write .*figures\.json"):
        evaluate(options_in(drawn, tmp_path))
    assert not (tmp_path / "lbfgs").exists()  # it is told before anything is done


def test_the_command_takes_its_options(drawn: Path, tmp_path: Path) -> None:
    command = ["evaluate", str(drawn / "tiny"), "--lbfgs-steps", "2", "--images", "1", "--styles", "style-2,style-1"]
    for option in ("paintings", "photographs", "perceptual"):
        command += [f"--{option}", str(drawn / option)]
    command += ["--clip", str(drawn / "clip.mp4"), "--clip", str(drawn / "clip.mp4"), "--device", "cpu"]
    command += ["--layers", "relu1_1", "--pooling", "average", "--style-distance", "moments", "--crop", "1,2,80,80"]
    command += ["--clip-seconds", "0.1", "--statistics", "usual"]
    command += ["--json", str(tmp_path / "figures.json"), "--cache", str(tmp_path / "lbfgs")]
    draw_photographs(tmp_path / "large", 1, width=256, height=256)
    command[command.index(str(drawn / "photographs"))] = str(tmp_path / "large")
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    result = json.loads((tmp_path / "figures.json").read_text())
    assert list(result["styles"]) == ["style-2", "style-1"]
    assert (result["lbfgs_steps_run"], result["statistics"], result["size"]) == (2, "usual", [640, 360])


@pytest.mark.parametrize("statistics", ["own", "following", "usual"])
def test_each_kind_of_statistics_paints_as_it_says(drawn: Path, statistics: str) -> None:
    engine = Engine(read_pack(drawn / "tiny"), choose_compute("cpu"))
    bright, dark = texture(96, 128), texture(96, 128, seed=4) // 3
    painter = EnginePainter(engine, statistics)  # type: ignore[arg-type]
    after_bright = list(painter.film([(0.0, bright), (0.1, dark)], 1))[1]
    alone = next(painter.film([(0.0, dark)], 1))
    shares = [0.0, 1.0, 0.0]
    if statistics == "own":
        assert torch.equal(alone, engine.paint_still(dark, shares)) and torch.equal(alone, after_bright)
    elif statistics == "usual":
        engine.forget()
        assert torch.equal(alone, engine.paint(dark, shares)) and torch.equal(alone, after_bright)
    else:
        assert (alone.int() - after_bright.int()).abs().float().mean() > 3.0  # it is still at the bright one's
    assert torch.equal(painter.still(dark, 1), alone)


def test_a_film_begins_as_if_the_show_ran_already(drawn: Path) -> None:
    painter = EnginePainter(Engine(read_pack(drawn / "tiny"), choose_compute("cpu")))
    dark = texture(96, 128, seed=4) // 3
    first, second = painter.film([(0.0, dark), (0.04, dark)], 1)
    assert torch.equal(first, second)
