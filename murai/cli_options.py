"""How the commands with many options declare them, and options that several commands have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from murai.core.files import STANDARD_OUTPUT

if TYPE_CHECKING:
    from rich.console import Console

LOSSES = "The losses"
STYLE_IMAGES = "The style images"


def option(panel: str, text: str, *names: str, **more: Any) -> Any:
    """An option that `--help` shows below the heading `panel`."""
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


CropWords = Annotated[list[str] | None, option(STYLE_IMAGES, "The part that counts, in px.", metavar="[NAME=]X,Y,W,H")]
RotateWords = Annotated[list[str] | None, option(STYLE_IMAGES, "Turned anticlockwise.", metavar="[NAME=]DEG")]
MaskWords = Annotated[
    list[str] | None, option(STYLE_IMAGES, "An image that is white where the style counts.", metavar="[NAME=]FILE")
]
PerceptualFolder = Annotated[
    Path | None, option(LOSSES, "Folder with VGG-19 files; else torchvision's VGG-16.", metavar="FOLDER")
]
StyleLayers = Annotated[str | None, option(LOSSES, "Of the style loss, with weights.", metavar="NAME[:WEIGHT],…")]
ContentLayers = Annotated[str | None, option(LOSSES, "Of the content loss, with weights.", metavar="NAME[:WEIGHT],…")]
PoolingKind = Annotated[Literal["max", "average"], option(LOSSES, "In the perceptual network.")]

SettingsFile = Annotated[
    Path | None,
    option("The files", "As a result's settings say; options here win.", "--from", metavar="FILE.json"),
]


def figures_output(file: Path | None) -> tuple[Path | None, Console]:
    """Where figures for machines go, and what says the rest: "-" has standard output for itself."""
    from rich.console import Console

    alone = file == Path("-")
    return STANDARD_OUTPUT if alone else file, Console(stderr=alone)


def said(context: typer.Context) -> dict[str, Any]:
    """The options that people gave, by name; those that have their defaults are left out."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {
        name: context.params[name]
        for name, source in sources.items()
        if source is not None and source.name != "DEFAULT"
    }


def check_given(settings: Mapping[str, Any], wanted: Mapping[str, str]) -> None:
    """Sees to it that nothing is missing. wanted: how people give each entry.

    Raises:
        BadParameter: one is.
    """
    for entry, hint in wanted.items():
        if not settings.get(entry):
            raise typer.BadParameter(f"give {hint}, or --from the settings of a result", param_hint=hint)
