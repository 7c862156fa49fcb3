"""What all paintings of a run share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from torch import Tensor

from murai.apps.painting_options import PaintingOptions
from murai.apps.painting_styles import StyleFile
from murai.networks.perceptual import PerceptualNetwork

Show = Callable[[Tensor], None]
StylesAt = Callable[[int, float, float], Sequence[StyleFile]]
"""The styles of a film's frame: by its number, from 0, its time and the film's duration in s; 0 of 0 s for images."""


@dataclass(frozen=True)
class Studio:
    """options: with the machine's choices made. show: what shows a picture that develops."""

    options: PaintingOptions
    network: PerceptualNetwork
    styles_at: StylesAt
    console: Console
    show: Show
