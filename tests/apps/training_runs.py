"""What the tests of `murai train` share: drawn pictures, and options for runs that take a second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console

from murai.apps.training import train_pack
from murai.apps.training_options import MachineOptions, PerceptualOptions, TrainingOptions, parse_styles
from murai.stylize.pack import Pack, read_pack
from tests.networks.vgg_files import write_vgg_files
from tests.training.tiny import draw_photographs, style_image, tiny_recipe

NAMES = ("wave", "night", "scream")


def draw_everything(folder: Path) -> Path:
    """Style images, photographs and the perceptual network's files."""
    for number, name in enumerate(NAMES):
        Image.fromarray(style_image(number).permute(1, 2, 0).numpy()).save(folder / f"{name}.png")
    draw_photographs(folder / "photographs", 16)
    write_vgg_files(folder / "perceptual", thinner=8)
    return folder


def options_in(drawn: Path, folder: Path, names: tuple[str, ...] = NAMES, **others: Any) -> TrainingOptions:
    """Six steps on one core."""
    options = TrainingOptions(
        styles=parse_styles([str(drawn / f"{name}.png") for name in names]),
        pack=folder / "trio",
        photographs=(drawn / "photographs",),
        about={},
        checkpoint=folder / "runs" / "checkpoint.pt",
        recipe=tiny_recipe(steps=6),
        perceptual=PerceptualOptions(drawn / "perceptual"),
        machine=MachineOptions("cpu", threads=1),
    )
    return replace(options, **others)


def trained(options: TrainingOptions) -> Pack:
    train_pack(options, Console(quiet=True))
    return read_pack(options.pack)


def finished_run(drawn: Path, folder: Path) -> TrainingOptions:
    """A run that came to its end; its checkpoint and pack are not to be changed."""
    options = options_in(drawn, folder)
    trained(options)
    return options
