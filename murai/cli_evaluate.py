"""The command `murai evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from murai.cli_options import (
    LOSSES,
    STYLE_IMAGES,
    ContentLayers,
    CropWords,
    MaskWords,
    PerceptualFolder,
    RotateWords,
    StyleLayers,
    figures_output,
    option,
)

_PICTURES = "The pictures"
_MEASURE = "How it is measured"
_RESULT = "The figures"


def evaluate(
    pack: Annotated[str, typer.Argument(help="A pack's name or folder.")],
    paintings: Annotated[
        list[str],
        option(
            _PICTURES,
            "Folder with an image for each style, of its name; or FILE or NAME=FILE,FILE; may be repeated.",
            metavar="FOLDER",
        ),
    ],
    photographs: Annotated[Path, option(_PICTURES, "That training has never seen.", metavar="FOLDER")],
    clip: Annotated[
        list[Path], option(_PICTURES, "A film that training has never seen; may be repeated.", metavar="FILE")
    ],
    styles: Annotated[str, option(_PICTURES, "Some of the pack's; all.", metavar="NAME,…")] = "",
    images: Annotated[int, option(_PICTURES, "Photographs to measure on.", min=1)] = 5,
    clip_from: Annotated[float, option(_PICTURES, "Where in each clip to begin, in seconds.", min=0.0)] = 0.0,
    clip_seconds: Annotated[float, option(_PICTURES, "How much of each clip counts.", min=0.1)] = 12.0,
    crop: CropWords = None,
    rotate: RotateWords = None,
    mask: MaskWords = None,
    style_px: Annotated[int | None, option(STYLE_IMAGES, "Their short side; as trained.", min=64)] = None,
    style_weight: Annotated[float | None, option(LOSSES, "That of the pack's training.", min=0.0)] = None,
    style_distance: Annotated[
        Literal["gram", "moments", "sliced"] | None, option(LOSSES, "What a style is compared by; as trained.")
    ] = None,
    perceptual: PerceptualFolder = None,
    layers: StyleLayers = None,
    content_layers: ContentLayers = None,
    pooling: Annotated[
        Literal["max", "average"] | None, option(LOSSES, "In the perceptual network; as trained.")
    ] = None,
    lbfgs_steps: Annotated[int, option(_MEASURE, "Of the optimisation beside it.", min=1)] = 100,
    statistics: Annotated[
        Literal["own", "following", "usual"] | None,
        option(_MEASURE, "What to normalise by; stills by their own, films by what follows."),
    ] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], option(_MEASURE, "Where to paint and to measure.")] = "auto",
    cache: Annotated[Path, option(_MEASURE, "Where optimisations are kept.", metavar="FOLDER")] = Path("runs/lbfgs"),
    json_file: Annotated[
        Path | None, option(_RESULT, "Figures for machines; - for standard output.", "--json", metavar="FILE")
    ] = None,
    sheet: Annotated[Path | None, option(_RESULT, "Pictures.", metavar="FILE.png")] = None,
) -> None:
    """Quality and steadiness of a pack, in figures and pictures.

    The loss and the style images are those of the pack's training, unless told otherwise.
    """
    from murai.apps.evaluation import evaluate_pack
    from murai.apps.evaluation_options import EvaluationOptions, ImageOptions, LossOptions
    from murai.apps.outputs import check_apart, check_ending
    from murai.apps.training_options import parse_layers

    json_file, console = figures_output(json_file)
    if sheet:
        check_ending("--sheet", sheet, ".png")
    check_apart({"--json": json_file, "--sheet": sheet}, {f"the film {file}": file for file in clip})
    content, style = (None if words is None else parse_layers(words) for words in (content_layers, layers))
    options = EvaluationOptions(
        pack=pack,
        paintings=tuple(paintings),
        photographs=photographs,
        clips=tuple(dict.fromkeys(clip)),
        image=ImageOptions(tuple(crop or ()), tuple(rotate or ()), tuple(mask or ()), style_px),
        loss=LossOptions(perceptual, content, style, pooling, style_distance, style_weight),
        styles=tuple(dict.fromkeys(name for name in styles.split(",") if name)),
        images=images,
        lbfgs_steps=lbfgs_steps,
        clip_from_s=clip_from,
        clip_s=clip_seconds,
        statistics=statistics,
        device=device,
        json_file=json_file,
        sheet=sheet,
        cache=cache,
    )
    evaluate_pack(options, console)
