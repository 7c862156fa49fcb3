"""Masks of a film's frames: images, and films that go with it."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from murai.apps.stylizing_look import Fit
from murai.apps.stylizing_masks import FilmMask
from murai.apps.stylizing_work import kind_of
from murai.imaging.masks import read_mask, softened


class Masks:
    """Reads each image once and each film as it goes on. Used by one thread at a time.

    softness_px: see `murai.imaging.masks.softened`.
    """

    def __init__(self, softness_px: float) -> None:
        self._softness_px = softness_px
        self._images: dict[tuple[Path, tuple[int, int]], Tensor] = {}
        self._films: dict[Path, tuple[FilmMask, float]] = {}

    def at(self, at_s: float, file: Path, size: tuple[int, int]) -> Tensor:
        """(H, W) float in [0, 1] at a moment of the film, for frames of this size, (height, width).

        Raises:
            MediaError: the file can't be read, or is an image that is black all over.
        """
        if kind_of(file) == "film":
            return softened(self._film(file, at_s).at(at_s, size), self._softness_px)
        if (file, size) not in self._images:
            self._images[file, size] = read_mask(file, size, self._softness_px)
        return self._images[file, size]

    def _film(self, file: Path, at_s: float) -> FilmMask:
        # Films are read forwards; passes that run back begin again for each frame.
        known = self._films.get(file)
        film = FilmMask(file, Fit()) if known is None or at_s < known[1] else known[0]
        self._films[file] = film, at_s
        return film
