"""What `murai train` does: photographs and paintings in, a style pack out."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text
from torch import Tensor

from murai import __version__
from murai.errors import ConfigError, PackError, TrainingError
from murai.networks.perceptual import LocalVgg19, PerceptualNetwork, TorchvisionVgg16
from murai.sources.scene import Scene
from murai.stylize.pack import StyleFacts
from murai.stylize.pack_writer import PackContents, check_pack_folder, write_pack
from murai.training.checkpoint import read_checkpoint, write_checkpoint
from murai.training.data import Photographs, check_photographs, read_image
from murai.training.loop import StepReport, Trainer
from murai.training.model import StyleModel
from murai.training.recipe import Recipe

_SAVE_EVERY_S = 60.0
_FEWEST_PHOTOGRAPHS = 16
_PREVIEW_PX = (640, 360)
_PREVIEW_MOMENT_S = 1.0
_TOLD = ("title", "artist", "year", "credit")
_TOLD_OF_PACK = ("title", "licence")


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
    styles = _all_style_facts(options)
    recipe = options.recipe
    images = [read_image(image, recipe.style_px) for image in options.images]
    check_photographs(options.photographs, _FEWEST_PHOTOGRAPHS)
    check_pack_folder(options.pack)
    network = _perceptual_network(options.perceptual)
    photographs = _read_photographs(options, console)
    trainer = Trainer(recipe, network, photographs, images)
    saved = _Saved(options.checkpoint, [_sha256_of(image) for image in images])
    spent_s = saved.restore(trainer) if options.resume else 0.0
    spent_s = _train(trainer, saved, spent_s, console)
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
    console.print(Text(f"{options.pack}: {len(styles)} styles"), soft_wrap=True)


def _perceptual_network(folder: Path | None) -> PerceptualNetwork:
    if folder is None:
        return TorchvisionVgg16()
    return LocalVgg19(folder)


def _read_photographs(options: TrainingOptions, console: Console) -> Photographs:
    columns = (TextColumn("reading photographs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        return Photographs(
            options.photographs, options.recipe.square_px, at_least=_FEWEST_PHOTOGRAPHS, track=progress.track
        )


def _all_style_facts(options: TrainingOptions) -> list[StyleFacts]:
    names = [_style_name(image) for image in options.images]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"two of the images name the style '{twice}'", "rename one of the files")
    for table, entries in options.about.items():
        _check_about(table, entries, names)
    return [_style_facts(image, options.about.get(_style_name(image), {})) for image in options.images]


def _check_about(table: str, entries: Any, names: list[str]) -> None:
    if not isinstance(entries, dict):
        raise ConfigError(f"--about: '{table}' stands outside a table", "put it below a [style]")
    if table not in (*names, "pack"):
        raise ConfigError(f"--about: there is no style '{table}'", f"known are {', '.join((*names, 'pack'))}")
    known = _TOLD_OF_PACK if table == "pack" else _TOLD
    if unknown := sorted(entries.keys() - set(known)):
        raise ConfigError(f"--about: [{table}] has an unknown entry '{unknown[0]}'", f"known are {', '.join(known)}")


def _style_name(image: Path) -> str:
    return image.stem.lower().replace(" ", "_")


def _style_facts(image: Path, about: dict[str, Any]) -> StyleFacts:
    name = _style_name(image)
    told = {"title": image.stem.replace("_", " ").capitalize()}
    told |= {entry: str(value) for entry, value in about.items()}
    try:
        return StyleFacts.model_validate({"name": name, "preview": f"{name}.jpg", **told})
    except ValueError as fault:
        raise ConfigError(
            f"{image}: '{name}' can't name a style", "rename the file to letters, digits, - and _"
        ) from fault


def _sha256_of(image: Tensor) -> str:
    return hashlib.sha256(image.numpy().tobytes()).hexdigest()


@dataclass(frozen=True)
class _Saved:
    """The checkpoint: the trainer's state, what it was trained on, and how long.

    images: SHA-256 of the style images' pixels.
    """

    file: Path
    images: list[str]

    def restore(self, trainer: Trainer) -> float:
        """Puts the trainer where the checkpoint was; gives the seconds that were spent until then."""
        state = read_checkpoint(self.file)
        try:
            same, spent_s = state["images"] == self.images, float(state["spent_s"])
        except KeyError as fault:
            raise TrainingError(f"{self.file} is no checkpoint of `murai train`", "start without --resume") from fault
        if not same:
            raise TrainingError(
                f"the checkpoint {self.file} is of other style images", "give the same ones, or leave out --resume"
            )
        trainer.restore(state["trainer"])
        return spent_s

    def write(self, trainer: Trainer, spent_s: float) -> None:
        write_checkpoint(self.file, {"trainer": trainer.state(), "images": self.images, "spent_s": spent_s})


def _train(trainer: Trainer, saved: _Saved, spent_s: float, console: Console) -> float:
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
                saved.write(trainer, spent_s + now_s - begun_s)
    spent_s += time.monotonic() - begun_s
    saved.write(trainer, spent_s)
    return spent_s


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
        preview = options.pack / style.preview
        try:
            _painted(model, picture, number).save(preview, quality=88)
        except OSError as fault:
            raise PackError(f"can't write {preview}: {fault.strerror}", "make room, then use --resume") from fault


def _painted(model: StyleModel, picture: Tensor, style: int) -> Image.Image:
    with torch.inference_mode():
        painted = model(picture[None], torch.tensor([style]))[0]
    return Image.fromarray((painted * 255.0).round().to(torch.uint8).permute(1, 2, 0).numpy())
