"""How the commands with many options declare them, and options that several commands have."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

LOSSES = "The losses"


def option(panel: str, text: str, *names: str, **more: Any) -> Any:
    """An option that `--help` shows below the heading `panel`."""
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


StyleLayers = Annotated[str | None, option(LOSSES, "Of the style loss, with weights.", metavar="NAME[:WEIGHT],…")]
ContentLayers = Annotated[str | None, option(LOSSES, "Of the content loss, with weights.", metavar="NAME[:WEIGHT],…")]
PoolingKind = Annotated[Literal["max", "average"], option(LOSSES, "In the perceptual network.")]
