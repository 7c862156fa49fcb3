"""The network in training with the vectors of its styles, and what statistics its layers usually have."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from murai.networks.canvas import MARGIN_PX, canvas_size, draw_canvas
from murai.networks.statistics import measure_each
from murai.networks.style import InstanceAffine, StyleNetwork, StyleNetworkSpec

_AVERAGING = 0.998
_AVERAGING_STEPS = 20


class StyleModel(nn.Module):
    """A style network that normalises each picture by itself, and one scale and shift vector a style."""

    def __init__(self, spec: StyleNetworkSpec, styles: int) -> None:
        super().__init__()
        self.spec = spec
        self.network = StyleNetwork(spec, InstanceAffine)
        self.scale = nn.Parameter(torch.ones(styles, spec.vector_length))
        self.shift = nn.Parameter(torch.zeros(styles, spec.vector_length))

    @property
    def styles(self) -> int:
        return self.scale.shape[0]

    def forward(self, photographs: Tensor, styles: Tensor, canvas: Tensor | None = None) -> Tensor:
        """Paintings (N, 3, H, W) in [0, 1].

        photographs: (N, 3, H, W) in [0, 1]; styles: the number of each one's style (N,).
        canvas: see `StyleNetwork.forward`; None for the one that the live picture is painted on.
        """
        if canvas is None:
            canvas = _live_canvas(self.network, photographs)
        painted: Tensor = self.network(photographs, canvas, self.scale[styles], self.shift[styles])
        return painted


def _live_canvas(network: StyleNetwork, pictures: Tensor) -> Tensor:
    """The one that the network's pictures of this size are painted on live."""
    return draw_canvas(*canvas_size(pictures.shape[2], pictures.shape[3], network.margin_px)).to(pictures.device)


class Averaged:
    """The moving average of a model's weights, which paints better than where the last steps happened to lead.

    A step counts for a five-hundredth, and for more in the beginning.
    """

    def __init__(self, model: StyleModel) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self.model.network.margin_px = MARGIN_PX  # it paints for people, wherever the other one trains

    def follow(self, model: StyleModel, step: int) -> None:
        """Takes in the weights after a step, counted from 1."""
        part = 1.0 - min(_AVERAGING, step / (step + _AVERAGING_STEPS))
        with torch.no_grad():
            for mean, now in zip(self.model.parameters(), model.parameters(), strict=True):
                mean.lerp_(now, part)


def paint_still(model: StyleModel, rgb: Tensor, style: int) -> Tensor:
    """A picture (3, H, W) uint8 in the style of this number, by its own statistics; in host memory."""
    device = model.scale.device
    with torch.inference_mode():
        painted: Tensor = model(rgb[None].to(device).float() / 255.0, torch.tensor([style], device=device))[0]
    return (painted * 255.0).round().to(torch.uint8).cpu()


def usual_statistics(model: StyleModel, batches: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and deviation (S, V) of what reaches each affine, in float32, for each style.

    Usual is what a single picture has on average: the mean of the pictures' means, and the root of the mean
    of their variances.

    batches: photographs (N, 3, H, W) float in [0, 1] on the model's device, 32 or more in all.
    """
    found = [_statistics_of(model, batches, style) for style in range(model.styles)]
    means, deviations = zip(*found, strict=True)
    return torch.stack(means), torch.stack(deviations)


def _statistics_of(model: StyleModel, batches: Sequence[Tensor], style: int) -> tuple[Tensor, Tensor]:
    one = slice(style, style + 1)
    means, variances = [], []
    with torch.no_grad():
        for batch in batches:
            canvas = _live_canvas(model.network, batch)
            mean, deviation = measure_each(model.network, batch, canvas, model.scale[one], model.shift[one])
            means.append(mean)
            variances.append(deviation.square())
    return torch.cat(means).mean(0), torch.cat(variances).mean(0).sqrt()
