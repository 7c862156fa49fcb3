"""What `murai train` was told, and the words that style images are named by."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from murai.errors import ConfigError
from murai.networks.perceptual import Pooling
from murai.networks.style_statistics import StyleKind
from murai.training.recipe import Recipe
from murai.training.style_image import Crop, StyleSource


@dataclass(frozen=True)
class PerceptualOptions:
    """What to measure with.

    folder: of the VGG-19 files, None for torchvision's VGG-16.
    content, style: layers with weights, None for the network's usual ones. pooling: None for the usual, "max".
    """

    folder: Path | None = None
    content: dict[str, float] | None = None
    style: dict[str, float] | None = None
    pooling: Pooling | None = None


@dataclass(frozen=True)
class MachineOptions:
    """Where to compute. threads: None for all cores. compiled: by torch.compile."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    compiled: bool = False


@dataclass(frozen=True)
class Asked:
    """What was said expressly of what a finished pack has of its own; None where nothing was said.

    weights: names of the `murai.training.losses.LossWeights` that were said.
    """

    width: float | None = None
    blocks: int | None = None
    detail: float | None = None
    style_px: int | None = None
    style_distance: StyleKind | None = None
    weights: frozenset[str] = frozenset()

    @property
    def shape(self) -> dict[str, Any]:
        """What was said of the network, by the names of `StyleNetworkSpec`."""
        said = {"width": self.width, "blocks": self.blocks, "detail": self.detail}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class TrainingOptions:
    """What `murai train` was told.

    styles: what to learn, in the pack's order.
    pack: the folder to write; its name is the pack's.
    photographs: folders, lists and films to learn on. clips: films for steadiness, besides those.
    about: by style's name, a table with title, artist, year and credit; "pack" has the pack's title and licence.
    checkpoint: written every minute; resume goes on from it.
    start: another run's checkpoint, or a pack, whose weights are the first ones; None for new ones.
    into: the finished pack that the styles are added to, by their vectors alone. polish: joint steps after that.
    asked: what of the recipe was said, and isn't just usual: what `into` has, and the shape of what
        `start` has, takes the place of the rest.
    twin_of: the pack that gets this one as its twin, for `murai evaluate`.
    tensorboard: folder for TensorBoard's records.
    """

    styles: tuple[StyleSource, ...]
    pack: Path
    photographs: tuple[Path, ...]
    about: dict[str, Any]
    checkpoint: Path
    recipe: Recipe
    clips: tuple[Path, ...] = ()
    perceptual: PerceptualOptions = PerceptualOptions()
    machine: MachineOptions = MachineOptions()
    resume: bool = False
    start: Path | None = None
    into: Path | None = None
    polish: int = 0
    asked: Asked = Asked()
    twin_of: Path | None = None
    tensorboard: Path | None = None


def parse_styles(
    images: Sequence[str], crops: Sequence[str] = (), turns: Sequence[str] = (), masks: Sequence[str] = ()
) -> tuple[StyleSource, ...]:
    """Styles by words: images FILE or NAME=FILE,FILE; the rest [NAME=]VALUE, for one style or for all.

    crops: x,y,width,height in px. turns: degrees, anticlockwise. masks: files.

    Raises:
        ConfigError: a word can't be used.
    """
    files = dict(_style_files(word) for word in images)
    if len(files) < len(images):
        names = [_style_files(word)[0] for word in images]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"two of the images name the style '{twice}'", "rename one of the files, or give NAME=FILE")
    parts = parse_parts(files, crops, turns, masks)
    return tuple(
        StyleSource(name, each, parts[name].crop, parts[name].rotate_deg or 0.0, parts[name].mask)
        for name, each in files.items()
    )


@dataclass(frozen=True)
class Part:
    """Which part of a style's images counts; None where nothing was said."""

    crop: Crop | None = None
    rotate_deg: float | None = None
    mask: Path | None = None


def parse_parts(
    styles: Iterable[str], crops: Sequence[str] = (), turns: Sequence[str] = (), masks: Sequence[str] = ()
) -> dict[str, Part]:
    """For each style what was said of it in words [NAME=]VALUE, see `parse_styles`.

    Raises:
        ConfigError: a word can't be used.
    """
    styles = list(styles)
    crop_of = {name: _crop(value) for name, value in by_style("--crop", crops, styles).items()}
    turn_of = {name: _degrees(value) for name, value in by_style("--rotate", turns, styles).items()}
    mask_of = {name: Path(value) for name, value in by_style("--mask", masks, styles).items()}
    return {name: Part(crop_of.get(name), turn_of.get(name), mask_of.get(name)) for name in styles}


def _style_files(word: str) -> tuple[str, tuple[Path, ...]]:
    name, given, files = word.partition("=")
    if not given or "/" in name:
        return style_name(Path(word)), (Path(word),)
    if not files.strip(","):
        raise ConfigError(f"'{word}' names no file", "give NAME=FILE,FILE")
    return style_name(Path(name)), tuple(Path(file) for file in files.split(",") if file)


def style_name(image: Path) -> str:
    """A style's name by its image's."""
    return image.stem.lower().replace(" ", "_")


def by_style(option: str, words: Sequence[str], styles: Iterable[str]) -> dict[str, str]:
    """The value for each style that has one, of words [NAME=]VALUE; what is said without a name is for all.

    Raises:
        ConfigError: a word names no style.
    """
    styles = list(styles)
    found: dict[str, str] = {}
    for word in words:
        name, given, value = word.partition("=")
        if not given:
            found |= dict.fromkeys(styles, word)
        elif name in styles:
            found[name] = value
        else:
            raise ConfigError(f"{option} {word}: there is no style '{name}'", f"known are {', '.join(styles)}")
    return found


def _crop(value: str) -> Crop:
    try:
        left, top, width, height = (int(part) for part in value.split(","))
    except ValueError as fault:
        raise ConfigError(f"--crop {value} is no part of an image", "give x,y,width,height in px") from fault
    if min(left, top) < 0 or min(width, height) < 1:
        raise ConfigError(f"--crop {value} is no part of an image", "give x,y,width,height in px")
    return Crop(left, top, width, height)


def _degrees(value: str) -> float:
    degrees = _number(value)
    if not math.isfinite(degrees):
        raise ConfigError(f"--rotate {value} is no angle", "give degrees, anticlockwise")
    return degrees


def _number(word: str) -> float:
    """NaN where it is none."""
    try:
        return float(word)
    except ValueError:
        return math.nan


def parse_layers(words: str) -> dict[str, float]:
    """Layers with weights: "relu1_1,relu4_1:0.5" is the second for half.

    Raises:
        ConfigError: a weight is no number from 0 on, or all are 0.
    """
    found = {}
    for word in words.split(","):
        name, given, weight = word.partition(":")
        found[name.strip()] = _number(weight) if given else 1.0
        if not 0.0 <= found[name.strip()] < math.inf:
            raise ConfigError(f"'{word}' is no layer with a weight", "write as in relu4_1:0.5")
    if not any(found.values()):
        raise ConfigError(f"of the layers '{words}' none counts", "give one of them a weight above 0")
    return found


def told_layers(layers: Mapping[str, float]) -> str:
    """The words for layers with weights that `parse_layers` reads."""
    return ",".join(name if weight == 1.0 else f"{name}:{weight}" for name, weight in layers.items())


def parse_duration(words: str) -> float:
    """Seconds of "90", "90s", "9m" or "1h30m".

    Raises:
        ConfigError: it is no time.
    """
    found = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", words.strip())
    if found is None or not any(found.groups()):
        raise ConfigError(f"'{words}' is no time", "write as in 90s, 9m or 1h30m")
    hours, minutes, seconds = (float(part or 0.0) for part in found.groups())
    return 3600.0 * hours + 60.0 * minutes + seconds
