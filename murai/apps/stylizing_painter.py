"""A pack as `murai stylize` paints with it: stills by their own statistics, films by those that follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from murai.apps.stylizing_film import FilmFrame
from murai.apps.stylizing_look import Finish
from murai.apps.timeline import Timeline
from murai.errors import HardwareError
from murai.hardware import Compute, memory_is_full
from murai.networks.canvas import canvas_size, draw_canvas
from murai.stylize.engine import Engine
from murai.stylize.following import mix_rows
from murai.stylize.pack import Pack, load_weights
from murai.stylize.steadying import Steadier


@dataclass(frozen=True)
class Shades:
    """Which styles go where. outside: where the mask is black; None leaves the picture there."""

    inside: Timeline
    outside: Timeline | None = None


class StillPainter:
    """Paints pictures each by its own statistics; several of one size at once on a GPU. Owned by one thread.

    Raises:
        PackError: the pack's weights can't be used.
    """

    def __init__(self, pack: Pack, compute: Compute, shades: Shades, finish: Finish) -> None:
        self._engine = Engine(pack, compute)
        # A pack that doesn't follow has its statistics in its vectors: instance norm isn't how it paints.
        self._batches = BatchPainter(pack, compute) if compute.device == "cuda" and pack.facts.network.follow else None
        self._shades = shades
        self._finish = finish

    @property
    def batches(self) -> bool:
        """Whether several pictures at once are quicker than one by one."""
        return self._batches is not None

    def paint(self, pictures: Sequence[Tensor], masks: Sequence[Tensor | None]) -> list[Tensor]:
        """Paintings (3, H, W) uint8 in host memory, of pictures of the same kind that are all of one size.

        Raises:
            HardwareError: there is not enough memory.
        """
        with enough_memory(pictures[0]):
            here = [picture.to(self._engine.compute.device) for picture in pictures]
            inside = self._painted(here, self._shades.inside)
            outside = self._painted(here, self._shades.outside) if self._shades.outside else [None] * len(here)
            each = zip(inside, here, masks, outside, strict=True)
            return [self._finish.apply(*one).cpu() for one in each]

    def _painted(self, pictures: list[Tensor], timeline: Timeline) -> list[Tensor]:
        shares = timeline.shares_at(0.0)
        if self._batches is not None and len(pictures) > 1:
            return list(self._batches.paint(torch.stack(pictures), shares))
        return [self._engine.paint_still(picture, shares) for picture in pictures]


class BatchPainter:
    """Pictures by the network with instance norm itself, many at once. Used by one thread at a time.

    Raises:
        PackError: the pack's weights can't be used.
    """

    def __init__(self, pack: Pack, compute: Compute) -> None:
        weights = load_weights(pack)
        network = weights.network.to(compute.device, compute.dtype)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self._scale, self._shift = weights.scale.to(compute.device), weights.shift.to(compute.device)
        self._compute = compute

    def paint(self, pictures: Tensor, shares: list[float]) -> Tensor:
        """(N, 3, H, W) uint8 to paintings (N, 3, H, W) uint8, all on the device."""
        dtype = self._compute.dtype
        with torch.inference_mode():
            canvas = draw_canvas(*canvas_size(pictures.shape[2], pictures.shape[3])).to(self._compute.device, dtype)
            scale, shift = (mix_rows(table, shares)[None].to(dtype) for table in (self._scale, self._shift))
            painted: Tensor = self._network(pictures.to(dtype) / 255.0, canvas, scale, shift)
            return (painted.float() * 255.0).round().to(torch.uint8)


class FilmPainter:
    """Paints one film, frame after frame, by statistics that follow it. Owned by one thread.

    steady: paintings are steadied, see `murai.stylize.steadying`.

    Raises:
        PackError: the pack's weights can't be used.
    """

    def __init__(self, pack: Pack, compute: Compute, shades: Shades, finish: Finish, *, steady: bool = False) -> None:
        self._parts = [_FilmPart(Engine(pack, compute), shades.inside, Steadier())]
        if shades.outside is not None:
            self._parts.append(_FilmPart(Engine(pack, compute), shades.outside, Steadier()))
        self._steady = steady
        self._finish = finish
        self._device = compute.device

    def begin(self) -> None:
        """The next frame is of another film."""
        for part in self._parts:
            part.engine.forget()
            part.steadier.forget()

    def follow(self, frame: FilmFrame) -> None:
        """Moves the statistics with a frame. A style's first frame gives it its statistics at once.

        Raises:
            HardwareError: there is not enough memory.
        """
        with enough_memory(frame.rgb):
            rgb = frame.rgb.to(self._device)
            for part in self._parts:
                part.engine.follow(rgb, part.timeline.shares_at(frame.at_s), frame.at_s)
            if self._steady and not frame.shown:
                self._painted(rgb, frame.at_s)  # those that are shown go on from it

    def paint(self, frame: FilmFrame, mask: Tensor | None) -> Tensor:
        """The painting, (3, H, W) uint8 in host memory, of a frame that was followed.

        Raises:
            HardwareError: there is not enough memory.
        """
        with enough_memory(frame.rgb):
            rgb = frame.rgb.to(self._device)
            painted = self._painted(rgb, frame.at_s)
            return self._finish.apply(painted[0], rgb, mask, painted[1] if len(painted) > 1 else None).cpu()

    def _painted(self, rgb: Tensor, at_s: float) -> list[Tensor]:
        paintings = []
        for part in self._parts:
            shares = part.timeline.shares_at(at_s)
            painting = part.engine.paint(rgb, shares)
            paintings.append(part.steadier.steady(painting, rgb, shares, at_s) if self._steady else painting)
        return paintings


@dataclass(frozen=True)
class _FilmPart:
    """What paints one side of the mask."""

    engine: Engine
    timeline: Timeline
    steadier: Steadier


@contextmanager
def enough_memory(picture: Tensor) -> Iterator[None]:
    """Says that the machine's memory is too small for a picture (3, H, W).

    Raises:
        HardwareError: it is.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as fault:
        if not memory_is_full(fault):
            raise
        raise HardwareError(
            f"there is not enough memory to paint {picture.shape[2]}x{picture.shape[1]} px",
            "give a smaller --size, such as --size 1920x1080",
        ) from fault
