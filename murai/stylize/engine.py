"""A pack, ready to paint."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from murai import __version__
from murai.core.paths import cache_folder
from murai.errors import HardwareError
from murai.hardware import Compute, machine_name
from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.folded import FoldedStyle, Folding, fold_statistics
from murai.networks.statistics import Statistics, finish, measuring
from murai.networks.style import StyleNetwork
from murai.stylize.drift import PinnedCourier
from murai.stylize.following import Following, mix_rows
from murai.stylize.pack import Pack, PackWeights, load_weights
from murai.stylize.painters import Painter
from murai.stylize.painters_choice import Way, open_first, quickest, ways
from murai.stylize.painters_measured import Memory, Run
from murai.stylize.torchscript import compile_painter

_WARM_UP_RUNS = 3  # TorchScript's profiling executor optimises on the second run, and the third shows it
_ALIKE = 4.0  # of 255, on average, to a painting in float32: an overflow in half precision is far beyond
_NOTICEABLE = 1 / 256  # of a deviation: less is lost between two weights in bfloat16


class Engine:
    """Paints with one pack, its styles mixed in any shares.

    Live pictures are painted with statistics that follow the scene (see `Following`), stills with their own. A
    live picture is two calls: `paint`, and when the painting is handed on, `follow`. Packs that hold their
    statistics in their vectors (`follow = false`) are painted as they are, live and still.

    Used by one thread at a time. Everything slow happens in the constructor and in `warm_up`. In all methods,
    `rgb` is a picture (3, H, W) uint8 and `shares` has one share a style, in the pack's order, summing to 1.

    On a GPU all work goes to the thread's current stream, and nothing waits for it but `warm_up`.

    compute: where there are several ways to paint (see `murai.stylize.painters_choice.ways`), the first is taken,
        until `warm_up` finds the quickest; then `compute` has its number type, and `name` is its engine.
    twin: paints with the pack's twin, see `load_weights`.

    Raises:
        PackError: the pack's weights can't be used.
    """

    def __init__(self, pack: Pack, compute: Compute, *, twin: bool = False) -> None:
        self.pack = pack
        self.compute = compute
        torch.set_num_threads(compute.threads)
        self._weights = _on_device(load_weights(pack, twin=twin), compute)
        self._follows = pack.facts.network.follow
        courier = PinnedCourier() if compute.device == "cuda" else None
        self._following = Following(self._weights.mean, self._weights.deviation, courier)
        self._ways = ways(compute)
        self._canvas = torch.empty(0)
        self._mixed: _Mixed | None = None
        self._ground = torch.empty(0)
        self._take(_Kit(self._weights.network, *open_first(self._ways)))

    def _take(self, kit: _Kit) -> None:
        """Paints with this from now on."""
        self.name = kit.way.engine
        others = [each for each in (self.compute.number_type, *self.compute.rivals) if each != kit.way.number_type]
        self.compute = replace(self.compute, number_type=kit.way.number_type, rivals=tuple(others))
        self._kit = kit
        self._still_painter = kit.painter if self.name == "torchscript" else compile_painter(self.compute.dtype)
        self._mixed = None

    def warm_up(self, size_px: tuple[int, int]) -> None:
        """Makes the first frame of this width and height as fast as all others.

        Where there are several ways to paint, it finds out which is the quickest at this size, and remembers it.
        """
        if len(self._ways) > 1:
            self._choose(size_px)
        width, height = size_px
        blank = torch.zeros((height, width, 3), dtype=torch.uint8, device=self.compute.device).permute(2, 0, 1)
        shares = [1.0] + [0.0] * (len(self.pack.styles) - 1)
        for _ in range(_WARM_UP_RUNS):
            self.paint(blank, shares)
        if self._follows:
            self.look(blank, shares)  # once is enough: it isn't TorchScript

    @torch.inference_mode()
    def _choose(self, size_px: tuple[int, int]) -> None:
        width, height = size_px
        rgb = _checks(height, width).to(self.compute.device)
        self._fit_canvas(rgb)
        shares = [1.0] + [0.0] * (len(self.pack.styles) - 1)
        vectors = fold_statistics(*self._vectors(shares), *self._following.present(shares))
        kits: dict[str, _Kit] = {}

        def prepare(way: Way) -> Run:
            kit = kits[way.name] = _Kit(self._weights.network, way, way.open())
            run = kit.run(rgb, self._canvas, vectors)
            apart = float((run().float() - expected().float()).abs().mean())
            # Not ">": what is no number is not alike.
            if not apart <= _ALIKE:
                raise HardwareError(f"its picture is {apart:.1f} of 255 from the one in float32")
            for _ in range(_WARM_UP_RUNS):
                run()
            return run

        plain = Way("torchscript", "float32", partial(compile_painter, torch.float32))
        expected = _Kit(self._weights.network, plain, plain.open()).run(rgb, self._canvas, vectors)
        network = self.pack.facts.network
        question = (
            f"{machine_name(self.compute)}, murai {__version__}, "
            f"{network.architecture} {network.width} {network.blocks} {network.detail}, {width}x{height}"
        )
        memory = Memory(cache_folder() / "engines.json")
        way = quickest(self._ways, question, prepare, partial(_seconds, self.compute.device), memory)
        if way.name in kits:
            self._take(kits[way.name])
        elif way != self._kit.way:  # remembered: it opened once, and may not today
            self._take(_Kit(self._weights.network, *open_first([way, *self._ways])))

    def paint(self, rgb: Tensor, shares: list[float]) -> Tensor:
        """A painting of the picture's size on the same device, with the statistics as they stand.

        Returns (3, H, W) uint8, a view of (H, W, 4) memory of its own.
        """
        with torch.inference_mode():
            self._fit_canvas(rgb)
            mixed = self._mixed
            if mixed is None or mixed.shares != shares:
                mixed = self._put_in(self._mix(shares))
            elif self._ground.shape[-2:] != self._canvas.shape[-2:]:
                self._put_in(mixed)
            return self._kit.painter(rgb, self._ground, mixed.style.kernels, mixed.style.biases)

    def follow(self, rgb: Tensor, shares: list[float], now_s: float) -> None:
        """Moves the statistics towards those of the scene, with a picture that was just painted.

        On a CPU it takes a fraction of a painting's time, and twice as long as a painting where a style comes in.

        now_s: of any clock that goes on evenly.
        """
        if not self._follows:
            return
        with torch.inference_mode():
            moved = self._following.step(shares, now_s, partial(self._looking, rgb))
            if moved and self._shows(shares):
                self._put_in(self._mix(shares))

    def look(self, rgb: Tensor, shares: list[float]) -> Statistics:
        """The picture's own statistics in these shares: mean and deviation (V,) float32."""
        with torch.inference_mode():
            return finish(self._looking(rgb, shares))

    def forget(self) -> None:
        """Goes back to the statistics that are usual, as if no picture had been followed yet."""
        self._following.forget()
        self._mixed = None

    def paint_still(self, rgb: Tensor, shares: list[float]) -> Tensor:
        """As `paint`, with the picture's own statistics, which makes it instance norm; `follow` isn't touched."""
        if not self._follows:
            return self.paint(rgb, shares)
        with torch.inference_mode():
            statistics = self.look(rgb, shares)
            style = self._kit.folding.fold(*fold_statistics(*self._vectors(shares), *statistics))
            return self._still_painter(rgb, style.ground(self._canvas), style.kernels, style.biases)

    def _looking(self, rgb: Tensor, shares: list[float]) -> Generator[None, None, Statistics]:
        self._fit_canvas(rgb)
        picture = rgb[None].to(self.compute.dtype) / 255.0
        return measuring(self._kit.measured, picture, self._canvas, *self._vectors(shares))

    def _vectors(self, shares: list[float]) -> tuple[Tensor, Tensor]:
        return mix_rows(self._weights.scale, shares), mix_rows(self._weights.shift, shares)

    def _mix(self, shares: list[float]) -> _Mixed:
        mean, deviation = self._following.present(shares)
        style = self._kit.folding.fold(*fold_statistics(*self._vectors(shares), mean, deviation))
        self._following.folded()
        return _Mixed(list(shares), mean, deviation, style)

    def _shows(self, shares: list[float]) -> bool:
        """Whether the statistics have moved noticeably from those that are in the folded style."""
        if self._mixed is None or self._mixed.shares != shares:
            return False
        if self.compute.device == "cuda":  # to look would be to wait
            return self._following.drifted(_NOTICEABLE)
        mean, deviation = self._following.present(shares)
        change = torch.maximum((mean - self._mixed.mean).abs(), (deviation - self._mixed.deviation).abs())
        return float((change / self._mixed.deviation).max()) > _NOTICEABLE

    def _put_in(self, mixed: _Mixed) -> _Mixed:
        self._mixed, self._ground = mixed, mixed.style.ground(self._canvas)
        return mixed

    def _fit_canvas(self, rgb: Tensor) -> None:
        size = canvas_size(rgb.shape[1], rgb.shape[2])
        if self._canvas.shape[-2:] != size:
            self._canvas = draw_canvas(*size).to(self.compute.device)


@dataclass(frozen=True)
class _Mixed:
    """A mix of styles, made ready. mean, deviation: (V,), of the statistics that are in it."""

    shares: list[float]
    mean: Tensor
    deviation: Tensor
    style: FoldedStyle


class _Kit:
    """A way to paint, opened, with what else depends on its number type.

    folding: the pack's network, to put styles into.
    measured: the same, to measure pictures with.
    """

    def __init__(self, network: StyleNetwork, way: Way, painter: Painter) -> None:
        dtype: torch.dtype = getattr(torch, way.number_type)
        self.way = way
        self.painter = painter
        self.folding = Folding(network, dtype)
        low = copy.deepcopy(network).to(dtype)
        self.measured = low.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it

    def run(self, rgb: Tensor, canvas: Tensor, vectors: tuple[Tensor, Tensor]) -> Callable[[], Tensor]:
        """What paints this picture in these scales and shifts, again and again."""
        style = self.folding.fold(*vectors)
        return partial(self.painter, rgb, style.ground(canvas), style.kernels, style.biases)


def _checks(height: int, width: int) -> Tensor:
    """(3, H, W) uint8 with all contrasts that a picture can have."""
    rows, columns = torch.arange(height)[:, None], torch.arange(width)[None, :]
    planes = [(rows * 7 + columns * 3) % 256, (rows // 16 + columns // 16) % 2 * 255, (rows * columns) % 256]
    return torch.stack(planes).to(torch.uint8)


def _seconds(device: str, run: Run) -> float:
    begun_s = time.perf_counter()
    run()
    if device == "cuda":
        torch.cuda.current_stream().synchronize()
    return time.perf_counter() - begun_s


def _on_device(weights: PackWeights, compute: Compute) -> PackWeights:
    network = weights.network.to(compute.device)
    vectors = (weights.scale, weights.shift, weights.mean, weights.deviation)
    return PackWeights(network, *(each.to(compute.device) for each in vectors))
