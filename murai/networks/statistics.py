"""What a style's affines see: mean and deviation of the features that reach each of them.

A network that was trained with instance norm normalises each picture by its own statistics. Measured here,
they can be put into the style's vectors instead (see `murai.networks.folded.fold_statistics`), and then the very
same picture is painted without any pass over its features.
"""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.networks.enlarging import at_small_size
from murai.networks.folded import fold_statistics
from murai.networks.style import VARIANCE_FLOOR, StyleNetwork

Statistics = tuple[Tensor, Tensor]
"""Mean and deviation of what reaches each affine, (V,) or (N, V) float32; deviation is sqrt(variance + 1e-5)."""


def measure(network: StyleNetwork, pictures: Tensor, canvas: Tensor, scale: Tensor, shift: Tensor) -> Statistics:
    """The statistics (V,) of all pictures together.

    Each layer is normalised by what was measured there before the next one is looked at, so for one picture
    these are exactly the statistics of instance norm.

    network: its affines aren't used; features are computed in its dtype, moments in float32.
    pictures: (N, 3, H, W) of the network's dtype, RGB in [0, 1].
    canvas: (N, K, h, w) or (1, K, h, w), of `canvas_size(H, W, network.margin_px)`.
    scale, shift: (V,), as trained with instance norm.
    """
    return finish(measuring(network, pictures, canvas, scale, shift))


def measure_each(network: StyleNetwork, pictures: Tensor, canvas: Tensor, scale: Tensor, shift: Tensor) -> Statistics:
    """As `measure`, for each picture by itself: (N, V) both. scale, shift: (N, V) or (1, V)."""
    return finish(_Meter(scale, shift, jointly=False).walk(network, pictures, canvas))


def measuring(
    network: StyleNetwork, pictures: Tensor, canvas: Tensor, scale: Tensor, shift: Tensor
) -> Generator[None, None, Statistics]:
    """As `measure`, layer by layer: each step computes one, and the last one returns the statistics."""
    mean, deviation = yield from _Meter(scale[None], shift[None], jointly=True).walk(network, pictures, canvas)
    return mean[0], deviation[0]


def finish(measured: Generator[None, None, Statistics]) -> Statistics:
    """All steps at once."""
    while True:
        try:
            next(measured)
        except StopIteration as end:
            found: Statistics = end.value
            return found


class _Meter:
    """Takes the affines' places on one pass through a network, and notes what came to each.

    scale, shift: (N, V), or (1, V) for all pictures alike.
    jointly: one mean and deviation a channel over all pictures, instead of one for each picture.
    """

    def __init__(self, scale: Tensor, shift: Tensor, *, jointly: bool) -> None:
        self._scale = scale
        self._shift = shift
        self._jointly = jointly
        self._means: list[Tensor] = []
        self._deviations: list[Tensor] = []
        self._at = 0

    @torch.no_grad()
    def walk(self, network: StyleNetwork, pictures: Tensor, canvas: Tensor) -> Generator[None, None, Statistics]:
        """Means and deviations (N or 1, V)."""
        x = network.folded(network.with_margin(pictures))
        x = F.relu(self._normalise(network.head(x) + network.weave(canvas.to(x.dtype))))
        yield
        within = network.convolutions()[1:-2]
        for first, second in zip(within[::2], within[1::2], strict=True):
            y = F.relu(self._normalise(first(x)))
            yield
            x = x + self._normalise(second(y))
            yield
        # The last convolution before the painting is told by what it makes of the small picture.
        self._note(F.conv2d(x, at_small_size(network.up.weight), padding=1), network.up.out_channels)
        return torch.cat(self._means, 1), torch.cat(self._deviations, 1)

    def _normalise(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        part = slice(self._at, self._at + channels)
        self._at += channels
        if self._jointly:
            return self._normalise_jointly(x, self._scale[0, part], self._shift[0, part])
        mean, deviation = self._note(x, channels)
        scale, shift = fold_statistics(self._scale[:, part], self._shift[:, part], mean, deviation)
        return torch.addcmul(shift[:, :, None, None].to(x.dtype), x, scale[:, :, None, None].to(x.dtype))

    def _normalise_jointly(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """What batch norm does in training; its one operator takes two fifths of the time of those in `_normalise`."""
        normal, mean, steepness = torch.native_batch_norm(x, scale, shift, None, None, True, 0.0, VARIANCE_FLOOR)
        self._means.append(mean[None])
        self._deviations.append(steepness.reciprocal()[None])
        return normal

    def _note(self, x: Tensor, channels: int) -> tuple[Tensor, Tensor]:
        """Mean and deviation (N or 1, C) float32; enlarged pictures may come as channels, see `at_small_size`."""
        # As one matrix: torch.var_mean over places of channels_last memory takes seven times as long.
        places = x.permute(0, 2, 3, 1).reshape(1 if self._jointly else len(x), -1, channels).float()
        mean = places.mean(1, keepdim=True)
        deviation = ((places - mean).square_().mean(1) + VARIANCE_FLOOR).sqrt()
        self._means.append(mean[:, 0])
        self._deviations.append(deviation)
        return mean[:, 0], deviation
