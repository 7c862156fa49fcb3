"""Painting many pictures: read, painted and written side by side, damaged ones left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from murai.apps.stylizing_files import DiskFull
from murai.apps.stylizing_flow import read_ahead, write_behind
from murai.apps.stylizing_footage import open_masking
from murai.apps.stylizing_look import Fit
from murai.apps.stylizing_painter import StillPainter
from murai.apps.stylizing_pictures import Picture, read_picture, write_picture
from murai.apps.stylizing_work import Job
from murai.errors import HardwareError, MuraiError

_ROOM = 8  # pictures between two threads
_BATCH_PX = 4_000_000


@dataclass(frozen=True)
class Loaded:
    """A picture that waits to be painted. mask: (H, W) float in [0, 1], or None."""

    job: Job
    picture: Picture
    mask: Tensor | None = None


@dataclass(frozen=True)
class Failed:
    """A job that can't be done."""

    job: Job
    fault: MuraiError


def paint_pictures(
    jobs: Iterable[Job], painter: StillPainter, fit: Fit, batch: int, done: Callable[[Job, MuraiError | None], object]
) -> None:
    """Paints each picture by itself; `done` is called for each, with what was wrong, from any thread.

    batch: pictures of one size that are painted at once, where that is quicker.

    Raises:
        DiskFull: no room; what is there is whole.
    """

    def write(loaded: Loaded) -> None:
        done(loaded.job, _tried(lambda: write_picture(loaded.job.output, loaded.picture)))

    most = batch if painter.batches else 1
    with write_behind(write, _ROOM) as put, read_ahead(_load_all(jobs, fit), _ROOM) as ahead:
        for group in _grouped(ahead, most):
            if isinstance(group, Failed):
                done(group.job, group.fault)
                continue
            for finished in _paint(group, painter):
                if isinstance(finished, Failed):
                    done(finished.job, finished.fault)
                else:
                    put(finished)


def _paint(group: list[Loaded], painter: StillPainter) -> list[Loaded | Failed]:
    try:
        paintings = painter.paint([one.picture.rgb for one in group], [one.mask for one in group])
    except HardwareError as fault:
        if len(group) > 1:
            return [finished for one in group for finished in _paint([one], painter)]
        return [Failed(group[0].job, fault)]
    return [Loaded(one.job, one.picture.painted(painting)) for one, painting in zip(group, paintings, strict=True)]


def _grouped(ahead: Iterator[Loaded | Failed], most: int) -> Iterator[list[Loaded] | Failed]:
    """Neighbours of one size together."""
    group: list[Loaded] = []
    for one in ahead:
        if isinstance(one, Failed):
            yield one
            continue
        shape = one.picture.rgb.shape
        fits = max(1, min(most, _BATCH_PX // (shape[1] * shape[2])))
        if group and (len(group) >= fits or group[0].picture.rgb.shape != shape):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _load_all(jobs: Iterable[Job], fit: Fit) -> Iterator[Loaded | Failed]:
    for job in jobs:
        try:
            yield _load(job, fit)
        except MuraiError as fault:
            yield Failed(job, fault)


def _load(job: Job, fit: Fit) -> Loaded:
    picture = read_picture(Path(job.source))
    size = int(picture.rgb.shape[1]), int(picture.rgb.shape[2])
    masking = open_masking(job.mask, fit)
    mask = masking.at(0.0, size) if masking is not None else None
    alpha = None if picture.alpha is None else fit.apply(picture.alpha)
    return Loaded(job, Picture(fit.apply(picture.rgb), alpha, picture.profile, picture.exif), mask)


def _tried(act: Callable[[], None]) -> MuraiError | None:
    try:
        act()
    except DiskFull:
        raise
    except MuraiError as fault:
        return fault
    return None
