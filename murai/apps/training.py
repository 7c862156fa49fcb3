"""What `murai train` does: photographs and paintings in, a style pack out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from murai import __version__
from murai.errors import ConfigError
from murai.networks.perceptual import LocalVgg19, PerceptualNetwork, TorchvisionVgg16
from murai.sources.scene import Scene
from murai.stylize.pack import StyleFacts
from murai.stylize.pack_writer import PackContents, write_pack
from murai.training.checkpoint import read_checkpoint, write_checkpoint
from murai.training.data import Photographs, read_image
from murai.training.loop import StepReport, Trainer
from murai.training.model import StyleModel
from murai.training.recipe import Recipe

_SAVE_EVERY_S = 60.0
_FEWEST_PHOTOGRAPHS = 16
_PREVIEW_PX = (640, 360)
_PREVIEW_MOMENT_S = 1.0
_TOLD = ("title", "artist", "year", "credit")


@dataclass(frozen=True)
class TrainingOptions:
    """What `murai train` was told.

    images: style images; their names without ending name the styles.
    pack: the folder to write; its name is the pack's.
    photographs: folder to learn on.
    about: by style's name, a table with title, artist, year and credit; "pack" has the pack's title and licence.
    perceptual: folder with the VGG-19 files, None for torchvision's VGG-16.
    checkpoint: written every minute; resume goes on from it.
    """

    images: tuple[Path, ...]
    pack: Path
    photographs: Path
    about: dict[str, Any]
    perceptual: Path | None
    checkpoint: Path
    resume: bool
    recipe: Recipe


def train_pack(options: TrainingOptions, console: Console) -> None:
    """Trains to the end, or goes on from a checkpoint, and writes the pack with its previews.

    Raises:
        TrainingError, ConfigError, PackError: something can't be used, in words; the checkpoint stays.
    """
    styles = [_style_facts(image, options.about) for image in options.images]
    network = _perceptual_network(options.perceptual)
    recipe = options.recipe
    images = [read_image(image, recipe.style_px) for image in options.images]
    photographs = Photographs(options.photographs, recipe.square_px, at_least=_FEWEST_PHOTOGRAPHS)
    trainer = Trainer(recipe, network, photographs, images)
    spent_s = _restore(trainer, options.checkpoint) if options.resume else 0.0
    spent_s = _train(trainer, options.checkpoint, spent_s, console)
    facts = {
        "program": f"murai {__version__}",
        "device": "cpu",
        "minutes": round(spent_s / 60.0, 1),
        "steps": recipe.steps,
        "photographs": len(photographs),
        "batch": recipe.batch,
        "square_px": recipe.square_px,
    }
    measured = [style.model_copy(update={"training": trainer.measure(n)}) for n, style in enumerate(styles)]
    _write(options, trainer.model, measured, facts)
    console.print(f"{options.pack}: {len(styles)} styles", highlight=False, markup=False)


def _perceptual_network(folder: Path | None) -> PerceptualNetwork:
    if folder is None:
        return TorchvisionVgg16()
    return LocalVgg19(folder)


def _style_facts(image: Path, about: dict[str, Any]) -> StyleFacts:
    name = image.stem.lower().replace(" ", "_")
    told = {entry: str(value) for entry, value in about.get(name, {}).items() if entry in _TOLD}
    if unknown := sorted(about.get(name, {}).keys() - set(_TOLD)):
        raise ConfigError(f"--about: [{name}] has an unknown entry '{unknown[0]}'", f"known are {', '.join(_TOLD)}")
    told.setdefault("title", image.stem.replace("_", " ").capitalize())
    try:
        return StyleFacts.model_validate({"name": name, "preview": f"{name}.jpg", **told})
    except ValueError as fault:
        raise ConfigError(
            f"{image}: '{name}' can't name a style", "rename the file to letters, digits, - and _"
        ) from fault


def _restore(trainer: Trainer, file: Path) -> float:
    """Puts the trainer where the checkpoint was; gives the seconds that were spent until then."""
    state = read_checkpoint(file)
    trainer.restore(state["trainer"])
    return float(state["spent_s"])


def _train(trainer: Trainer, checkpoint: Path, spent_s: float, console: Console) -> float:
    """Runs the loop with a progress bar and a checkpoint a minute; gives the seconds spent in all."""
    loss = TextColumn("{task.fields[loss]}")
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), loss)
    begun_s = saved_s = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=trainer.recipe.steps, completed=trainer.step, loss="")
        for report in trainer.run():
            progress.update(task, completed=report.step, loss=_told(report))
            now_s = time.monotonic()
            if now_s - saved_s >= _SAVE_EVERY_S:
                saved_s = now_s
                _save(trainer, checkpoint, spent_s + now_s - begun_s)
    spent_s += time.monotonic() - begun_s
    _save(trainer, checkpoint, spent_s)
    return spent_s


def _save(trainer: Trainer, file: Path, spent_s: float) -> None:
    write_checkpoint(file, {"trainer": trainer.state(), "spent_s": spent_s})


def _told(report: StepReport) -> str:
    return f"content {report.content:.2f}  style {report.style:.2f}  steadiness {report.steadiness:.5f}"


def _write(options: TrainingOptions, model: StyleModel, styles: list[StyleFacts], facts: dict[str, Any]) -> None:
    told = options.about.get("pack", {})
    contents = PackContents(
        title=str(told.get("title", options.pack.name.capitalize())),
        licence=str(told.get("licence", "")),
        spec=model.spec,
        network=model.network.state_dict(),
        scale=model.scale,
        shift=model.shift,
        styles=styles,
        training=facts,
    )
    write_pack(options.pack, contents)
    drawn = Scene(_PREVIEW_PX, seed=1).draw(_PREVIEW_MOMENT_S)
    picture = torch.from_numpy(np.array(drawn)).permute(2, 0, 1).float() / 255.0
    for number, style in enumerate(styles):
        _painted(model, picture, number).save(options.pack / style.preview, quality=88)


def _painted(model: StyleModel, picture: Tensor, style: int) -> Image.Image:
    with torch.inference_mode():
        painted = model(picture[None], torch.tensor([style]))[0]
    return Image.fromarray((painted * 255.0).round().to(torch.uint8).permute(1, 2, 0).numpy())
