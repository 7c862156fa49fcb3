"""The command `murai paint`: optimisation-based transfer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from murai.cli_options import LOSSES, ContentLayers, PoolingKind, StyleLayers, option
from murai.config.reading import parse_model
from murai.errors import ConfigError

if TYPE_CHECKING:
    from murai.apps.painting_options import PaintingOptions

_PICTURES = "What to paint, and like what"
_COLOURS = "Colours"
_STEPS = "How it is optimised"
_MACHINE = "The machine, and what is seen"


def paint(
    context: typer.Context,
    content: Annotated[Path | None, typer.Argument(help="An image, or a folder of images.")] = None,
    style: Annotated[
        list[str] | None,
        option(_PICTURES, "An image to paint like; may be repeated, to mix.", metavar="[NAME=]IMAGE[:WEIGHT]"),
    ] = None,
    output: Annotated[Path | None, option(_PICTURES, "An image, or a folder.", "-o", "--output")] = None,
    again: Annotated[
        Path | None, option(_PICTURES, "Repeat what a painting's settings say; -o alone goes with it.", "--from")
    ] = None,
    size: Annotated[int | None, option(_PICTURES, "Long side in px; the content's, 512 at most.", min=32)] = None,
    style_px: Annotated[
        list[str] | None,
        option(_PICTURES, "Short side of a style image; smaller makes finer strokes.", metavar="[NAME=]PX"),
    ] = None,
    mask: Annotated[
        list[str] | None,
        option(_PICTURES, "Image that is white where a style is wanted in the content.", metavar="[NAME=]FILE"),
    ] = None,
    style_mask: Annotated[
        list[str] | None,
        option(_PICTURES, "Image that is white where a style image counts.", metavar="[NAME=]FILE"),
    ] = None,
    soft_px: Annotated[float, option(_PICTURES, "How soft the masks' edges are made.", min=0.0)] = 0.0,
    own_colours: Annotated[
        Literal["yuv", "ycbcr", "lab", "luv"] | None,
        option(_COLOURS, "Keep the content's chroma, in this space."),
    ] = None,
    own_colours_when: Annotated[
        Literal["before", "after"], option(_COLOURS, "Before: light and dark alone are painted.")
    ] = "after",
    match_colours: Annotated[
        Literal["cholesky", "axes"] | None,
        option(_COLOURS, "Give the styles the content's mean colour and covariance first."),
    ] = None,
    style_weight: Annotated[float, option(LOSSES, "More of the style.", min=0.0)] = 10.0,
    content_weight: Annotated[float, option(LOSSES, "More of what is there.", min=0.0)] = 1.0,
    variation_weight: Annotated[float, option(LOSSES, "Smoother.", min=0.0)] = 0.1,
    perceptual: Annotated[
        Path | None, option(LOSSES, "Folder with VGG-19 files; else torchvision's.", metavar="FOLDER")
    ] = None,
    network: Annotated[Literal["vgg16", "vgg19"], option(LOSSES, "Which of torchvision's.")] = "vgg19",
    layers: StyleLayers = None,
    content_layers: ContentLayers = None,
    pooling: PoolingKind = "max",
    optimiser: Annotated[Literal["lbfgs", "adam"], option(_STEPS, "Adam takes less memory and more steps.")] = "lbfgs",
    steps: Annotated[int, option(_STEPS, "At the smallest size; larger ones take fewer.", min=1)] = 200,
    smallest: Annotated[int, option(_STEPS, "Long side in px to begin with.", min=32)] = 256,
    start: Annotated[Literal["content", "style", "noise"], option(_STEPS, "The first picture.")] = "content",
    noise: Annotated[float, option(_STEPS, "Share of noise in it.", min=0.0, max=1.0)] = 0.0,
    seed: Annotated[int, option(_STEPS, "Of the noise.")] = 1,
    rate: Annotated[float, option(_STEPS, "Of Adam.", min=1e-6)] = 0.02,
    history: Annotated[int, option(_STEPS, "Of L-BFGS; fewer take less memory.", min=1)] = 20,
    device: Annotated[Literal["auto", "cpu", "cuda"], option(_MACHINE, "Where to paint.")] = "auto",
    threads: Annotated[int | None, option(_MACHINE, "On a CPU; all cores.", min=1)] = None,
    tile: Annotated[
        int | None, option(_MACHINE, "Side in px of the tiles of large pictures; what memory allows.", min=32)
    ] = None,
    save_every: Annotated[int | None, option(_MACHINE, "Keep the picture every so many steps.", min=1)] = None,
    show: Annotated[bool, option(_MACHINE, "The developing picture in a window.", "--show")] = False,
) -> None:
    """An image, or each of a folder, painted like others by optimisation: slow, and of any style image.

    Beside the painting lie its settings (JSON) and a plot of its losses.
    """
    from rich.console import Console

    from murai.apps.painting import paint_files, repeated

    given = dict(context.params)
    if again is not None:
        _check_alone(context)
        options = repeated(again, output)
    else:
        options = _options(given)
    paint_files(options, Console(), show=show)


def _check_alone(context: typer.Context) -> None:
    """Raises ConfigError where something is said beside --from that it would say as well."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    said = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    if others := [name for name in said if name not in ("again", "output", "show")]:
        word = "CONTENT" if others[0] == "content" else "--" + others[0].replace("_", "-")
        raise ConfigError(f"{word} beside --from", "leave it out: --from repeats all settings, and only -o may differ")


def _options(given: dict[str, Any]) -> PaintingOptions:
    """The options as `paint` has them, by name."""
    from murai.apps.painting_options import PaintingOptions, parse_styles
    from murai.apps.training_options import parse_layers

    for name, said in (("CONTENT", "content"), ("--style IMAGE", "style"), ("-o OUTPUT", "output")):
        if not given[said]:
            raise ConfigError(f"paint: {name} is missing", "or repeat a painting by --from THAT.json")
    style, content = (given[name] and parse_layers(given[name]) for name in ("layers", "content_layers"))
    tables = {
        "styles": parse_styles(given["style"], given["style_px"] or (), given["style_mask"] or (), given["mask"] or ()),
        "look": {
            "folder": given["perceptual"],
            "content": content,
            "style": style,
            **_some(given, "network", "pooling", "content_weight", "style_weight", "variation_weight"),
        },
        "steps": {
            "size_px": given["size"],
            "smallest_px": given["smallest"],
            **_some(given, "optimiser", "steps", "rate", "history", "start", "noise", "seed"),
        },
        "colours": {
            "own": given["own_colours"],
            "before": given["own_colours_when"] == "before",
            "match": given["match_colours"],
        },
        "machine": {"tile_px": given["tile"], **_some(given, "device", "threads")},
        "softness_px": given["soft_px"],
        **_some(given, "content", "output", "save_every"),
    }
    return parse_model(PaintingOptions, tables, "paint")


def _some(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names}
