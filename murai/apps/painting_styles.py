"""The styles of a painting as they are read: images, and films whose frames go with the content's time."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from murai.apps.painting_options import PaintingOptions, StyleOptions, StylePlay
from murai.apps.stylizing_film import Film, FilmFrame, Span
from murai.apps.stylizing_work import kind_of
from murai.apps.timeline import StyleNames, Timeline, parse_timeline
from murai.errors import ConfigError
from murai.imaging.masks import read_mask
from murai.training.data import read_image

_log = logging.getLogger(__name__)
_NEAR_FRAMES = 50  # so far ahead, decoding is quicker than finding a keyframe
_ROUNDING_S = 1e-6


@dataclass(frozen=True)
class StyleFile:
    """A style image as it was read, before anything of the content is known.

    picture: (3, H, W) float RGB in [0, 1]. counts: mask (H, W) of it, or None.
    """

    told: StyleOptions
    picture: Tensor
    counts: Tensor | None


class PaintingStyles:
    """All styles of a run, at any moment of its content. Used by one thread at a time.

    Raises:
        TrainingError, MediaError: an image, a film or a mask can't be read.
        ConfigError: the mix names a style that there isn't, or has no moments.
    """

    def __init__(self, options: PaintingOptions, device: str) -> None:
        self._parts = [_Part(told, options, device) for told in options.styles]
        self._timeline = _timeline(options)
        self._told_still = False

    def at(self, at_s: float, lasts_s: float) -> list[StyleFile]:
        """For the frame at this moment of a film; styles that have no share of it are left out.

        lasts_s: the whole film; 0 for a picture, which gets the first frame of style films, and that is told.

        Raises:
            ConfigError: there is a mix over time for a picture.
            MediaError: a style's film can't be read.
        """
        if lasts_s <= 0.0:
            self._tell_still()
        if self._timeline is None:
            return [part.at(at_s, lasts_s, 1.0) for part in self._parts]
        shares = zip(self._parts, self._timeline.shares_at(at_s), strict=True)
        return [part.at(at_s, lasts_s, share) for part, share in shares if share > 0.0]

    def _tell_still(self) -> None:
        if self._timeline is not None:
            raise ConfigError("--mix changes styles over time, which a picture hasn't", "weigh them by --style instead")
        for part in [] if self._told_still else self._parts:
            part.tell_still()
        self._told_still = True


def _timeline(options: PaintingOptions) -> Timeline | None:
    if not options.mix:
        return None
    names = [style.name for style in options.styles]

    def index_of(name: str) -> int:
        if name not in names:
            raise ConfigError(f"--mix {options.mix}: there is no style '{name}'", f"known are {', '.join(names)}")
        return names.index(name)

    return parse_timeline(options.mix, StyleNames(names, index_of))


class _Part:
    """One style: an image, or a film."""

    def __init__(self, told: StyleOptions, options: PaintingOptions, device: str) -> None:
        self._told = told
        self._device = device
        self._reel: StyleReel | None = None
        if kind_of(told.image) == "film":
            self._reel = StyleReel(told.image, options.style_film)
            picture = self._reel.at(0.0, 0.0)
        else:
            picture = read_image(told.image)
        self._picture = self._ready(picture)
        size = (picture.shape[1], picture.shape[2])
        self._counts = None if told.mask is None else read_mask(told.mask, size, options.softness_px).to(device)

    def tell_still(self) -> None:
        if self._reel is not None and self._reel.frames > 1:
            _log.warning("%s is a film: its first frame is the style", self._told.image)

    def at(self, at_s: float, lasts_s: float, share: float) -> StyleFile:
        told = self._told.model_copy(update={"weight": self._told.weight * share})
        picture = self._picture if self._reel is None else self._ready(self._reel.at(at_s, lasts_s))
        return StyleFile(told, picture, self._counts)

    def _ready(self, picture: Tensor) -> Tensor:
        return picture.to(self._device).float() / 255.0


class StyleReel:
    """A film as a style: one of its frames for each moment of the content. Used by one thread at a time.

    play: "loop" runs at the film's own pace and begins again; "stretch" runs once while the content does.

    Raises:
        MediaError: it can't be read, or has no picture.
    """

    def __init__(self, file: Path, play: StylePlay) -> None:
        self._play = play
        self._film = Film(str(file))
        self._ticks = self._film.ticks()
        zero = self._film.zero_tick or 0
        self._times_s = [float((tick - zero) * self._film.time_base) for tick in self._ticks]
        self._lasts_s = self._times_s[-1] + float(1 / self._film.fps)
        self._number = -1
        self._coming: Iterator[FilmFrame] = iter(())
        self._rgb: Tensor | None = None

    @property
    def frames(self) -> int:
        return len(self._ticks)

    def at(self, at_s: float, lasts_s: float) -> Tensor:
        """(3, H, W) uint8 in host memory, at this moment of a content that lasts so long; the first frame for 0 s.

        Raises:
            MediaError: it can't be read.
        """
        wanted = self._number_at(at_s, lasts_s)
        if self._rgb is None or wanted != self._number:
            self._rgb = self._decoded(wanted)
            self._number = wanted
        return self._rgb

    def _number_at(self, at_s: float, lasts_s: float) -> int:
        if lasts_s <= 0.0:
            return 0
        mine_s = at_s % self._lasts_s if self._play == "loop" else at_s / lasts_s * self._lasts_s
        return max(0, bisect_right(self._times_s, mine_s + _ROUNDING_S) - 1)

    def _decoded(self, wanted: int) -> Tensor:
        tick = self._ticks[wanted]
        if self._rgb is None or not self._number < wanted <= self._number + _NEAR_FRAMES:
            self._coming = self._film.frames(Span(tick, None, wanted, tick, len(self._ticks) - wanted))
        found: Tensor | None = None
        for frame in self._coming:
            found = frame.rgb
            if frame.tick >= tick:
                break
        if found is None:
            found = self._rgb  # its last frames are damaged, which the film tells
        assert found is not None
        return found
