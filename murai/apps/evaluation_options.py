"""What `murai evaluate` was told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from murai.apps.evaluation_painter import Statistics
from murai.apps.training_options import PerceptualOptions
from murai.networks.style_statistics import StyleKind


@dataclass(frozen=True)
class ImageOptions:
    """How style images are read; what is not said is as it was in the pack's training.

    crop, rotate, mask: words [NAME=]VALUE as `murai train` takes them. style_px: the images' short side.
    """

    crop: tuple[str, ...] = ()
    rotate: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    style_px: int | None = None


@dataclass(frozen=True)
class LossOptions(PerceptualOptions):
    """What loss is measured; None for what the pack was trained with, but for the folder of the VGG-19 files."""

    distance: StyleKind | None = None
    style_weight: float | None = None


@dataclass(frozen=True)
class EvaluationOptions:
    """What `murai evaluate` was told.

    pack: name or folder.
    paintings: folders with the styles' images, and images FILE or NAME=FILE,FILE as `murai train` takes them.
    photographs: folder; `images` of them are used, from all along it. Training must not have seen them.
    clips: video files; a part of each counts, from clip_from_s on.
    styles: names; none for all that there is a painting of.
    square_px: of the photographs that quality is measured on; size_px: of the painted films.
    statistics: None for stills by their own and films by those that follow the scene.
    sheet: PNG; beside it goes one that compares with L-BFGS, named …-lbfgs.png.
    cache: folder where optimisations are kept for the next time.
    """

    pack: str
    paintings: tuple[str, ...]
    photographs: Path
    clips: tuple[Path, ...]
    image: ImageOptions = ImageOptions()
    loss: LossOptions = LossOptions()
    styles: tuple[str, ...] = ()
    images: int = 5
    lbfgs_steps: int = 100
    square_px: int = 256
    size_px: tuple[int, int] = (640, 360)
    clip_from_s: float = 0.0
    clip_s: float = 12.0
    statistics: Statistics | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    json_file: Path | None = None
    sheet: Path | None = None
    cache: Path = Path("runs/lbfgs")
