"""What `murai paint` was told: the model that is written beside a painting and read again by --from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from murai.apps.training_options import by_style, style_name
from murai.errors import ConfigError
from murai.imaging.colour import ColourSpace, Matching

Weight = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Rate = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Px = Annotated[int, Field(ge=32)]
Start = Literal["content", "style", "noise", "last", "warped"]
StylePlay = Literal["loop", "stretch"]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StyleOptions(_Told):
    """One style image, or film.

    For px, mask and where see `murai.painting.styles.Style`: mask is of the image, where of the content.
    """

    name: str
    image: Path
    weight: Weight = 1.0
    px: Px | None = None
    mask: Path | None = None
    where: Path | None = None


class LookOptions(_Told):
    """What it is measured by.

    folder: of the VGG-19 files, None for torchvision's network. content, style: layers with weights, None for the
    network's usual ones.
    """

    folder: Path | None = None
    network: Literal["vgg16", "vgg19"] = "vgg19"
    content: dict[str, float] | None = None
    style: dict[str, float] | None = None
    pooling: Literal["max", "average"] = "max"
    content_weight: Weight = 1.0
    style_weight: Weight = 10.0
    variation_weight: Weight = 0.1


class StepOptions(_Told):
    """How it is optimised: see `murai.painting.paint.Settings`.

    start: what a picture begins with, None for the usual: its content, and in films the last frame, warped.
    noise: share of it in the first picture.
    """

    optimiser: Literal["lbfgs", "adam"] = "lbfgs"
    steps: Count = 200
    rate: Rate = 0.02
    history: Count = 20
    start: Start | None = None
    noise: Share = 0.0
    seed: int = 1
    size_px: Px | None = None
    smallest_px: Px = 256


class ColourOptions(_Told):
    """own: the space in which the content's colours are kept, None for the style's colours. before: grey pictures are
    painted, so that only light and dark are looked at. match: how the style's colours are made the content's."""

    own: ColourSpace | None = None
    before: bool = False
    match: Matching | None = None


class MachineOptions(_Told):
    """Where to compute. threads: None for all cores. tile_px: None for what memory allows."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: Count | None = None
    tile_px: Px | None = None


class FilmOptions(_Told):
    """What films alone have: see `murai.apps.painting_film`.

    next_steps, next_sizes: for the frames after the first of a scene: steps as if at the smallest size, and the
        number of sizes, from the largest; None for what goes with the start.
    look_back: how many frames ago the frames are that each frame is held to.
    blend: share of the neighbour in what a further pass begins with.
    frames: a folder that keeps each frame as a PNG. seconds: no more of the film than that. crf: x264's quality.
    """

    next_steps: Count | None = None
    next_sizes: Count | None = None
    temporal_weight: Weight = 20.0
    look_back: Annotated[tuple[Count, ...], Field(min_length=1)] = (1, 2, 4, 8, 16, 32)
    passes: Count = 1
    blend: Share = 0.5
    flow: Literal["auto", "dis", "raft"] = "auto"
    frames: Path | None = None
    seconds: Rate | None = None
    crf: Annotated[int, Field(ge=0, le=51)] = 18


class PaintingOptions(_Told):
    """All of it.

    content: an image, a film, or a folder of them. output: an image, a film, or a folder.
    mix: shares of the styles over time, see `murai.apps.timeline`; each counts times its own weight.
    style_film: how styles that are films go with the content's time.
    softness_px: of all masks' edges, in px of the pictures that they are masks of.
    save_every: steps after which the picture so far is kept; of films, frames.
    """

    content: Path
    output: Path
    styles: Annotated[tuple[StyleOptions, ...], Field(min_length=1)]
    look: LookOptions = LookOptions()
    steps: StepOptions = StepOptions()
    colours: ColourOptions = ColourOptions()
    machine: MachineOptions = MachineOptions()
    film: FilmOptions = FilmOptions()
    mix: str = ""
    style_film: StylePlay = "loop"
    softness_px: Weight = 0.0
    save_every: Count | None = None


def parse_styles(images: Sequence[str]) -> tuple[StyleOptions, ...]:
    """Styles by words [NAME=]FILE[:WEIGHT].

    Raises:
        ConfigError: a word can't be used.
    """
    named = [_style_image(word) for word in images]
    names = [name for name, _, _ in named]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"two of the styles have the name '{twice}'", "give one of them as in --style other=FILE")
    return tuple(StyleOptions(name=name, image=image, weight=weight) for name, image, weight in named)


def with_details(
    styles: Sequence[StyleOptions], sizes: Sequence[str] = (), masks: Sequence[str] = (), places: Sequence[str] = ()
) -> tuple[StyleOptions, ...]:
    """Styles with more said of them, by words [NAME=]VALUE, for one style or for all; what isn't said stays.

    sizes: short sides in px. masks: files, of the style images. places: files, masks of the content.

    Raises:
        ConfigError: a word can't be used.
    """
    names = [style.name for style in styles]
    said: dict[str, dict[str, int | Path]] = {
        "px": {name: _px(value) for name, value in by_style("--style-px", sizes, names).items()},
        "mask": {name: Path(value) for name, value in by_style("--style-mask", masks, names).items()},
        "where": {name: Path(value) for name, value in by_style("--mask", places, names).items()},
    }
    return tuple(
        style.model_copy(update={entry: of[style.name] for entry, of in said.items() if style.name in of})
        for style in styles
    )


def parse_look_back(said: str) -> tuple[int, ...]:
    """Numbers of frames as in 1,10,20.

    Raises:
        ConfigError: they are none.
    """
    words = [word.strip() for word in said.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise ConfigError(f"--look-back '{said}' is no list of numbers of frames", "write as in 1,10,20")
    return tuple(int(word) for word in words)


def _style_image(word: str) -> tuple[str, Path, float]:
    """Name, file and weight. A file whose own name has a colon or an equals sign is taken as it is."""
    if Path(word).is_file():
        return style_name(Path(word)), Path(word), 1.0
    name, given, rest = word.partition("=")
    if not given or "/" in name:
        name, rest = "", word
    file, colon, weight = rest.rpartition(":")
    if not colon or Path(rest).is_file():
        return name or style_name(Path(rest)), Path(rest), 1.0
    return name or style_name(Path(file)), Path(file), _weight(word, weight)


def _weight(word: str, said: str) -> float:
    try:
        weight = float(said)
    except ValueError:
        weight = math.nan
    if not 0.0 <= weight < math.inf:
        raise ConfigError(f"--style {word}: the weight '{said}' is no number from 0 on", "write as in night.jpg:0.5")
    return weight


def _px(said: str) -> int:
    if not said.isdecimal() or int(said) < 32:
        raise ConfigError(f"--style-px {said} is no size", "give 32 px or more")
    return int(said)
