"""One style of a pack on the bench: everything that is measured of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from statistics import fmean as mean
from typing import Protocol

import torch
from torch import Tensor

from murai.networks.likeness import style_targets
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style_statistics import StyleKind
from murai.training.evaluation.figures import StyleFigures
from murai.training.evaluation.gatys import Curve, CurveStore, Start
from murai.training.evaluation.steadiness import Film, Moves, film_error, noise_gain
from murai.training.evaluation.strokes import octaves, stroke_distance
from murai.training.evaluation.yardstick import Likeness, Yardstick
from murai.training.losses import LossWeights
from murai.training.style_image import StyleImage

_STEPS_FROM_PHOTOGRAPH = 40  # a painting is worth fewer of them, for a photograph has its own content already


class Painter(Protocol):
    """A pack that paints. Pictures are (3, H, W) uint8 in host memory; style: its number."""

    def still(self, picture: Tensor, style: int) -> Tensor:
        """One picture by itself."""
        ...

    def film(self, frames: Iterable[tuple[float, Tensor]], style: int) -> Iterator[Tensor]:
        """Frames with their times in seconds, as the kiosk would paint them."""
        ...

    def steadied(self, frames: Iterable[tuple[float, Tensor]], paintings: Iterable[Tensor]) -> Iterator[Tensor]:
        """The paintings of `film` as the kiosk would show them."""
        ...


@dataclass(frozen=True)
class Clip:
    """A film to be steady on, by its name, and what moves in it."""

    name: str
    film: Film
    moves: Moves

    @cached_property
    def error(self) -> float:
        """The warping error of the film itself, which is the same beside every style."""
        return film_error(self.film.frames, self.moves)


@dataclass(frozen=True)
class Bench:
    """What all styles are measured with.

    kind: how far styles are apart.
    photographs: squares (3, S, S) uint8 that training has not seen.
    steps: of L-BFGS, at most.
    device: of the perceptual network.
    """

    network: PerceptualNetwork
    kind: StyleKind
    weights: LossWeights
    photographs: Sequence[Tensor]
    clips: Sequence[Clip]
    curves: CurveStore
    steps: int
    device: torch.device


@dataclass(frozen=True)
class StyleReport:
    """One style's figures, and pictures to see what they mean.

    image: the painting that the style is of; paintings: of the bench's photographs.
    frame: a painted one of the first clip.
    clip_errors, clip_errors_twin: warping errors of the painted clips, one by one.
    octaves, wanted_octaves: of the paintings, and of the image (see `murai.training.evaluation.strokes`).
    curves: of L-BFGS from noise; steps: what each painting is worth on its curve.
    """

    name: str
    figures: StyleFigures
    image: Tensor
    paintings: tuple[Tensor, ...]
    frame: Tensor
    octaves: list[float]
    wanted_octaves: list[float]
    curves: tuple[Curve, ...]
    steps: tuple[float, ...]
    clip_errors: tuple[float, ...]
    clip_errors_twin: tuple[float, ...] | None


@dataclass(frozen=True)
class _Trial:
    """What one painter makes of one style, and how steadily. likenesses: of the paintings."""

    paintings: tuple[Tensor, ...]
    likenesses: tuple[Likeness, ...]
    frame: Tensor
    clip_errors: tuple[float, ...]
    clip_errors_shown: tuple[float, ...]
    noise_gain: float

    def mean(self, loss: str) -> float:
        return mean(getattr(likeness, loss) for likeness in self.likenesses)


def measure_style(
    bench: Bench,
    painters: tuple[Painter, Painter | None],
    style: tuple[int, StyleImage],
    after_step: Callable[[], None] = lambda: None,
) -> StyleReport:
    """All of one style.

    painters: the pack, and its twin trained without stability losses, where there is one.
    style: its number in the pack, and its image.
    after_step: called `steps_of_style` times, or a little less.
    """
    number, image = style
    sticks = _yardsticks(bench, image)
    trial = _try(bench, painters[0], number, sticks, after_step)
    twin = None if painters[1] is None else _try(bench, painters[1], number, sticks, after_step)
    noise = _curves(bench, "noise", bench.steps, image, sticks, after_step)
    photograph = _curves(bench, "photograph", _from_photograph(bench), image, sticks, after_step)
    steps = _worth(noise, trial)
    have, want = _mean_octaves(trial.paintings), _mean_octaves(image.pictures)
    figures = StyleFigures(
        lbfgs_steps=mean(steps),
        lbfgs_steps_photograph=mean(_worth(photograph, trial)),
        lbfgs_total_loss=mean(min(curve.totals) for curve in noise),
        **{f"{loss}_loss": trial.mean(loss) for loss in ("total", "style", "content", "tone", "variation")},
        warping_error=mean(trial.clip_errors),
        warping_error_shown=mean(trial.clip_errors_shown),
        warping_error_raw=mean(clip.error for clip in bench.clips),
        warping_error_twin=None if twin is None else mean(twin.clip_errors),
        noise_gain=trial.noise_gain,
        noise_gain_twin=None if twin is None else twin.noise_gain,
        style_loss_twin=None if twin is None else twin.mean("style"),
        total_loss_twin=None if twin is None else twin.mean("total"),
        stroke_distance=stroke_distance(have, want),
    )
    return StyleReport(
        name=image.name,
        figures=figures,
        image=image.pictures[0],
        paintings=trial.paintings,
        frame=trial.frame,
        octaves=have,
        wanted_octaves=want,
        curves=noise,
        steps=tuple(steps),
        clip_errors=trial.clip_errors,
        clip_errors_twin=None if twin is None else twin.clip_errors,
    )


def steps_of_style(bench: Bench, *, twin: bool) -> int:
    """How much there is to do for one style: steps of L-BFGS, and frames to paint."""
    steps = bench.steps + _from_photograph(bench)
    frames = sum(len(clip.film.frames) for clip in bench.clips)
    return steps * len(bench.photographs) + frames * (2 if twin else 1)


def _from_photograph(bench: Bench) -> int:
    return min(bench.steps, _STEPS_FROM_PHOTOGRAPH)


def _yardsticks(bench: Bench, image: StyleImage) -> list[Yardstick]:
    pictures = [picture.to(bench.device).float() / 255.0 for picture in image.pictures]
    masks = [None if mask is None else mask.to(bench.device) for mask in image.masks]
    targets = style_targets(bench.network, pictures, masks, bench.kind)
    units = (photograph.to(bench.device).float() / 255.0 for photograph in bench.photographs)
    return [Yardstick(bench.network, bench.weights, unit, targets, bench.kind) for unit in units]


def _try(
    bench: Bench, painter: Painter, style: int, sticks: Sequence[Yardstick], after_step: Callable[[], None]
) -> _Trial:
    paintings = tuple(painter.still(photograph, style) for photograph in bench.photographs)
    likenesses = tuple(stick.likeness(painting) for stick, painting in zip(sticks, paintings, strict=True))
    remembered: list[Tensor] = []

    def painted(film: Film) -> Iterator[Tensor]:
        for number, picture in enumerate(painter.film(film.timed(), style)):
            if number == shown_frame(film):
                remembered.append(picture.cpu())
            yield picture
            after_step()

    errors, errors_shown = [], []
    for clip in bench.clips:
        pictures = list(painted(clip.film))
        errors.append(film_error(pictures, clip.moves))
        errors_shown.append(film_error(painter.steadied(clip.film.timed(), pictures), clip.moves))
    gain = noise_gain(partial(painter.film, style=style), bench.photographs)
    return _Trial(paintings, likenesses, remembered[0], tuple(errors), tuple(errors_shown), gain)


def shown_frame(film: Film) -> int:
    """The number of the frame that stands for a film on sheets."""
    return len(film.frames) * 2 // 3


def _curves(
    bench: Bench,
    start: Start,
    steps: int,
    image: StyleImage,
    sticks: Sequence[Yardstick],
    after_step: Callable[[], None],
) -> tuple[Curve, ...]:
    style = f"{image.sha256()} {[tuple(picture.shape) for picture in image.pictures]}".encode()
    return tuple(bench.curves.curve(stick, style, start, steps, after_step) for stick in sticks)


def _worth(curves: Sequence[Curve], trial: _Trial) -> list[float]:
    """For each photograph, the steps of L-BFGS that the painting is worth."""
    return [curve.steps_to(likeness.total) for curve, likeness in zip(curves, trial.likenesses, strict=True)]


def _mean_octaves(pictures: Sequence[Tensor]) -> list[float]:
    return [mean(band) for band in zip(*(octaves(picture) for picture in pictures), strict=True)]
