"""Where to paint: a picture or a film that is white there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from torch import Tensor

from murai.apps.stylizing_film import Film, FilmFrame
from murai.apps.stylizing_look import Fit
from murai.imaging.masks import at_size, read_mask

_log = logging.getLogger(__name__)
_ROUNDING_S = 1e-3  # Matroska's times are whole milliseconds
Size = tuple[int, int]
"""Height and width in px."""


class Masking(Protocol):
    """Where to paint, at each moment. Used by one thread at a time."""

    def at(self, at_s: float, size: Size) -> Tensor:
        """(H, W) float in [0, 1], cut and scaled as the picture is.

        at_s: seconds of the film, going on. size: of the picture before that.
        """
        ...


class PictureMask:
    """A picture as a mask. One of another size is scaled, and that is told."""

    def __init__(self, file: Path, fit: Fit) -> None:
        self._file = file
        self._fit = fit
        self._kept: tuple[Size, Tensor] | None = None

    def at(self, at_s: float, size: Size) -> Tensor:
        """See `Masking`. Raises: MediaError, ConfigError."""
        if self._kept is None or self._kept[0] != size:
            self._kept = size, _fitted(read_mask(self._file, size), self._fit)
        return self._kept[1]


class FilmMask:
    """A film as a mask, each of its frames until the next one's time; the last one stays.

    Raises:
        MediaError: it can't be read.
    """

    def __init__(self, file: Path, fit: Fit) -> None:
        self._fit = fit
        self._film = Film(str(file))
        self._frames: Iterator[FilmFrame] = self._film.frames()
        self._now = next(self._frames)
        self._next = next(self._frames, None)
        self._told = False

    def at(self, at_s: float, size: Size) -> Tensor:
        """See `Masking`."""
        while self._next is not None and self._next.at_s <= at_s + _ROUNDING_S:
            self._now, self._next = self._next, next(self._frames, None)
        grey = self._now.rgb.float().mean(0) / 255.0
        if grey.shape != size and not self._told:
            _log.warning("the mask %s is scaled to %dx%d", self._film.title, size[1], size[0])
            self._told = True
        return _fitted(at_size(grey, size), self._fit)


def _fitted(mask: Tensor, fit: Fit) -> Tensor:
    return fit.apply(mask[None])[0].clamp(0.0, 1.0)
