"""How steady a painted film is, beside the film itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.imaging.flow import FlowFinder, visible
from murai.imaging.measures import warping_error
from murai.training.films import frame_pixels, open_film
from murai.training.stability import booth_noise

_FRAME_S = 1 / 30


@dataclass(frozen=True)
class Film:
    """Frames that follow each other: (3, H, W) uint8 RGB, and how many a second."""

    frames: tuple[Tensor, ...]
    fps: float

    def timed(self) -> Iterator[tuple[float, Tensor]]:
        """Each frame with its time, from 0 on, in seconds."""
        return ((number / self.fps, frame) for number, frame in enumerate(self.frames))


@dataclass(frozen=True)
class Moves:
    """What moved between the frames of a film, and what of it can be seen in both.

    flows: from each frame but the first to the one before, (2, H, W) float16 px; seen: (1, H, W) bool.
    """

    flows: tuple[Tensor, ...]
    seen: tuple[Tensor, ...]


PaintFilm = Callable[[Iterable[tuple[float, Tensor]]], Iterator[Tensor]]
"""Paints frames, each with its time in seconds, one after another; all (3, H, W) uint8."""


def read_film(file: Path, size_px: tuple[int, int], from_s: float, length_s: float) -> Film:
    """A part of a film, each frame made to be of this width and height.

    Raises:
        TrainingError: it can't be read, or has fewer than two frames there.
    """
    with open_film(file) as (fps, decoded):
        wanted = islice(decoded, round(from_s * fps), round((from_s + length_s) * fps))
        frames = tuple(frame_pixels(frame, size_px) for frame in wanted)
    if len(frames) < 2:
        raise TrainingError(f"the film {file} has {len(frames)} frames from {from_s:g} s on", "give an earlier part")
    return Film(frames, fps)


def find_moves(film: Film, finder: FlowFinder, after_frame: Callable[[], None] = lambda: None) -> Moves:
    """What moved, for all paintings of the film. after_frame: called for each frame but the first."""
    flows, seen = [], []
    before = _unit(film.frames[0])
    for frame in film.frames[1:]:
        now = _unit(frame)
        back = finder.find(now, before)
        seen.append(visible(finder.find(before, now), back)[0] > 0.5)
        flows.append(back[0].half())
        before = now
        after_frame()
    return Moves(tuple(flows), tuple(seen))


def film_error(pictures: Iterable[Tensor], moves: Moves) -> float:
    """The mean warping error of a film's frames, painted or not: squared, RGB in [0, 1] (Lai et al. 2018).

    Means are over the colours, where Lai et al. sum. pictures: (3, H, W) uint8, as many as the film has frames.
    """
    units = (_unit(picture) for picture in pictures)
    before = next(units)
    errors = []
    for now, flow, seen in zip(units, moves.flows, moves.seen, strict=True):
        errors.append(float(warping_error(now, before, flow[None].float(), seen[None].float())))
        before = now
    return sum(errors) / len(errors)


def noise_gain(paint: PaintFilm, photographs: Iterable[Tensor], copies: int = 4) -> float:
    """How much of a booth's camera noise is seen in the painting: RMS out over RMS in, over all photographs.

    Each photograph is shown as the frames of a film: first as it is, then with noise that is new in each copy.
    Blur lowers this too: look at the style loss beside it. photographs: (3, H, W) uint8.
    """
    random = torch.Generator().manual_seed(1)
    put_in = came_out = 0.0
    for photograph in photographs:
        clean = _unit(photograph).expand(copies, -1, -1, -1)
        noisy = (booth_noise(clean, random) * 255.0).round().to(torch.uint8)
        shown = [photograph, *noisy.unbind()]
        painted = [picture.cpu().float() for picture in paint((n * _FRAME_S, frame) for n, frame in enumerate(shown))]
        put_in += float((noisy.float() - photograph.float()).square().sum())
        came_out += float((torch.stack(painted[1:]) - painted[0]).square().sum())
    return float((came_out / put_in) ** 0.5) if put_in else 0.0


def _unit(picture: Tensor) -> Tensor:
    """(1, 3, H, W) float in [0, 1] in host memory."""
    return picture.cpu()[None].float() / 255.0
