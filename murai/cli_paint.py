"""The command `murai paint`: optimisation-based transfer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from murai.cli_options import LOSSES, ContentLayers, PoolingKind, SettingsFile, StyleLayers, check_given, option, said
from murai.config.reading import parse_model

if TYPE_CHECKING:
    from murai.apps.painting_options import PaintingOptions

_PICTURES = "What to paint, and like what"
_COLOURS = "Colours"
_STEPS = "How it is optimised"
_FILMS = "Films"
_MACHINE = "The machine, and what is seen"


def paint(
    context: typer.Context,
    content: Annotated[Path | None, typer.Argument(help="An image, a film, or a folder of them.")] = None,
    style: Annotated[
        list[str] | None,
        option(_PICTURES, "An image or film to paint like; several to mix.", metavar="[NAME=]IMAGE[:WEIGHT]"),
    ] = None,
    mix: Annotated[
        str, option(_PICTURES, "Of a film: gliding from mix to mix.", metavar="'SECONDS:NAME[:SHARE][+NAME…],…'")
    ] = "",
    style_film: Annotated[
        Literal["loop", "stretch"], option(_PICTURES, "How a style that is a film goes with the content's time.")
    ] = "loop",
    output: Annotated[Path | None, option(_PICTURES, "An image, a film, or a folder.", "-o", "--output")] = None,
    from_: SettingsFile = None,
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
    start: Annotated[
        Literal["content", "style", "noise", "last", "warped"] | None,
        option(_STEPS, "The first picture: the content; in films the last frame, warped, or as it is."),
    ] = None,
    noise: Annotated[float, option(_STEPS, "Share of noise in it.", min=0.0, max=1.0)] = 0.0,
    seed: Annotated[int, option(_STEPS, "Of the noise.")] = 1,
    rate: Annotated[float, option(_STEPS, "Of Adam.", min=1e-6)] = 0.02,
    history: Annotated[int, option(_STEPS, "Of L-BFGS; fewer take less memory.", min=1)] = 20,
    next_steps: Annotated[
        int | None, option(_FILMS, "As --steps, for frames after a scene's first; 0.3 of them.", min=1)
    ] = None,
    next_sizes: Annotated[int | None, option(_FILMS, "How many sizes those are painted at; 1.", min=1)] = None,
    temporal_weight: Annotated[float, option(_FILMS, "Steadier.", min=0.0)] = 20.0,
    look_back: Annotated[
        str | None, option(_FILMS, "How many frames back each is held to; 1,2,4,8,16,32.", metavar="N,…")
    ] = None,
    passes: Annotated[int, option(_FILMS, "How often it is painted, forwards and back by turns.", min=1)] = 1,
    blend: Annotated[
        float, option(_FILMS, "Of the neighbour in what a further pass begins with.", min=0.0, max=1.0)
    ] = 0.5,
    flow: Annotated[Literal["auto", "dis", "raft"], option(_FILMS, "What finds out what moved.")] = "auto",
    frames: Annotated[Path | None, option(_FILMS, "Keep each frame there as a PNG.", metavar="FOLDER")] = None,
    seconds: Annotated[float | None, option(_FILMS, "No more of the film than that.", min=0.01)] = None,
    crf: Annotated[int, option(_FILMS, "Quality of H.264; less is better and larger.", min=0, max=51)] = 18,
    device: Annotated[Literal["auto", "cpu", "cuda"], option(_MACHINE, "Where to paint.")] = "auto",
    threads: Annotated[int | None, option(_MACHINE, "On a CPU; all cores.", min=1)] = None,
    tile: Annotated[
        int | None, option(_MACHINE, "Side in px of the tiles of large pictures; what memory allows.", min=32)
    ] = None,
    save_every: Annotated[
        int | None, option(_MACHINE, "Keep the picture every so many steps, or frames.", min=1)
    ] = None,
    show: Annotated[bool, option(_MACHINE, "The developing picture in a window.", "--show")] = False,
    resume: Annotated[bool, option(_MACHINE, "Skip what is painted already like that.", "--resume")] = False,
) -> None:
    """An image or a film, or each of a folder, painted like others by optimisation: slow, and of any style image.

    Beside the painting lie its settings (JSON) and a plot of its losses. A film that was stopped goes on when the same
    command is given again, with or without --resume.
    """
    from rich.console import Console

    from murai.apps.painting import paint_files

    paint_files(_options(said(context), from_), Console(), show=show, resume=resume)


# Where the options that are no styles stand among the settings.
_ENTRIES = {
    "content": "content",
    "output": "output",
    "mix": "mix",
    "style_film": "style_film",
    "soft_px": "softness_px",
    "save_every": "save_every",
    "own_colours": "colours.own",
    "own_colours_when": "colours.before",
    "match_colours": "colours.match",
    "perceptual": "look.folder",
    "network": "look.network",
    "layers": "look.style",
    "content_layers": "look.content",
    "pooling": "look.pooling",
    "content_weight": "look.content_weight",
    "style_weight": "look.style_weight",
    "variation_weight": "look.variation_weight",
    "size": "steps.size_px",
    "smallest": "steps.smallest_px",
    "optimiser": "steps.optimiser",
    "steps": "steps.steps",
    "rate": "steps.rate",
    "history": "steps.history",
    "start": "steps.start",
    "noise": "steps.noise",
    "seed": "steps.seed",
    "next_steps": "film.next_steps",
    "next_sizes": "film.next_sizes",
    "temporal_weight": "film.temporal_weight",
    "look_back": "film.look_back",
    "passes": "film.passes",
    "blend": "film.blend",
    "flow": "film.flow",
    "frames": "film.frames",
    "seconds": "film.seconds",
    "crf": "film.crf",
    "device": "machine.device",
    "threads": "machine.threads",
    "tile": "machine.tile_px",
}


def _options(given: dict[str, Any], from_: Path | None) -> PaintingOptions:
    """The options as `paint` has them, of those that were given and, where a file is named, its settings."""
    from murai.apps.painting_options import PaintingOptions, parse_styles, with_details
    from murai.apps.settings_files import overlaid, repeated_settings

    kept = repeated_settings(from_, "paint") if from_ else {}
    tables = _tables(given)
    if "style" in given:
        kept = kept | {"mix": ""}  # it was of other styles
        tables["styles"] = parse_styles(given["style"])
    told = overlaid(kept, tables)
    check_given(told, {"content": "CONTENT", "styles": "--style IMAGE", "output": "-o OUTPUT"})
    options = parse_model(PaintingOptions, told, str(from_ or "paint"))
    details = (given.get(name, ()) for name in ("style_px", "style_mask", "mask"))
    return options.model_copy(update={"styles": with_details(options.styles, *details)})


def _tables(given: dict[str, Any]) -> dict[str, Any]:
    """The options that are no styles, as the settings have them."""
    from murai.apps.painting_options import parse_look_back
    from murai.apps.training_options import parse_layers

    parsed = {
        "layers": parse_layers,
        "content_layers": parse_layers,
        "own_colours_when": "before".__eq__,
        "look_back": parse_look_back,
    }
    tables: dict[str, Any] = {}
    for name in given.keys() & _ENTRIES.keys():
        table, _, entry = _ENTRIES[name].rpartition(".")
        value = parsed[name](given[name]) if name in parsed else given[name]
        (tables.setdefault(table, {}) if table else tables)[entry] = value
    return tables
