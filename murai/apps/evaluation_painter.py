"""A pack as the evaluation sees it: paints stills and films, by one or another kind of statistics."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

import torch
from torch import Tensor

from murai.stylize.engine import Engine
from murai.stylize.steadying import Steadier
from murai.training.evaluation.steadiness import Film

Statistics = Literal["own", "following", "usual"]
"""What normalises a picture: its own statistics (instance norm), those that follow the scene, or what is usual."""

_FRAME_S = 1 / 30
_TIMED_FRAMES = 90


class EnginePainter:
    """Paints with one style at a time of an engine.

    statistics: for stills and films; None for what Murai does with them: own for stills, following for films.
    """

    def __init__(self, engine: Engine, statistics: Statistics | None = None) -> None:
        self._engine = engine
        self._of_stills: Statistics = statistics or "own"
        self._of_films: Statistics = statistics or "following"

    def still(self, picture: Tensor, style: int) -> Tensor:
        """See `murai.training.evaluation.bench.Painter`."""
        return next(self._paint([(0.0, picture)], style, self._of_stills)).cpu()

    def film(self, frames: Iterable[tuple[float, Tensor]], style: int) -> Iterator[Tensor]:
        """See `murai.training.evaluation.bench.Painter`."""
        return self._paint(frames, style, self._of_films)

    def steadied(self, frames: Iterable[tuple[float, Tensor]], paintings: Iterable[Tensor]) -> Iterator[Tensor]:
        """See `murai.training.evaluation.bench.Painter`."""
        steadier = Steadier()
        for (at_s, frame), painting in zip(frames, paintings, strict=True):
            yield steadier.steady(painting, self._on_device(frame), "one style", at_s)

    def _paint(self, frames: Iterable[tuple[float, Tensor]], style: int, statistics: Statistics) -> Iterator[Tensor]:
        shares = [float(number == style) for number in range(len(self._engine.pack.styles))]
        self._engine.forget()
        timed = iter(frames)
        if statistics == "following":
            # A picture's statistics are taken after it was painted; a show has begun when anybody looks.
            first_s, first = next(timed)
            self._paint_and_follow(first, shares, first_s - _FRAME_S)
            timed = chain([(first_s, first)], timed)
        for at_s, frame in timed:
            if statistics == "own":
                yield self._engine.paint_still(self._on_device(frame), shares)
            elif statistics == "usual":
                yield self._engine.paint(self._on_device(frame), shares)
            else:
                yield self._paint_and_follow(frame, shares, at_s)

    def _paint_and_follow(self, frame: Tensor, shares: list[float], at_s: float) -> Tensor:
        rgb = self._on_device(frame)
        painted = self._engine.paint(rgb, shares)
        self._engine.follow(rgb, shares, at_s)
        return painted

    def _on_device(self, frame: Tensor) -> Tensor:
        return frame.to(self._engine.compute.device)

    def milliseconds(self, film: Film) -> list[float]:
        """What each of some frames takes, from the picture on the device to the painting there, as the kiosk paints."""
        width, height = film.frames[0].shape[2], film.frames[0].shape[1]
        self._engine.warm_up((width, height))
        shown = [self._on_device(frame) for frame in film.frames[:_TIMED_FRAMES]]
        painted = self._paint(((n * _FRAME_S, frame) for n, frame in enumerate(shown)), 0, self._of_films)
        next(painted)
        found: list[float] = []
        while True:
            self._finish()
            begun_s = time.perf_counter()
            if next(painted, None) is None:
                return found
            self._finish()
            found.append((time.perf_counter() - begun_s) * 1e3)

    def _finish(self) -> None:
        if self._engine.compute.device == "cuda":
            torch.cuda.synchronize()


def milliseconds_per_frame(painter: EnginePainter, film: Film) -> tuple[float, float]:
    """Median and 95th percentile."""
    found = sorted(painter.milliseconds(film))
    return found[len(found) // 2], found[len(found) * 95 // 100]
