"""The network in training with the vectors of its styles, and its change from instance to fixed statistics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.style import FixedAffine, InstanceAffine, StyleNetwork, StyleNetworkSpec


class StyleModel(nn.Module):
    """A style network and one scale and shift vector a style.

    fixed: its statistics are part of the vectors; otherwise each picture's own are used.
    """

    def __init__(self, spec: StyleNetworkSpec, styles: int, *, fixed: bool) -> None:
        super().__init__()
        self.spec = spec
        self.fixed = fixed
        self.network = StyleNetwork(spec, FixedAffine if fixed else InstanceAffine)
        self.scale = nn.Parameter(torch.ones(styles, spec.vector_length))
        self.shift = nn.Parameter(torch.zeros(styles, spec.vector_length))

    def forward(self, photographs: Tensor, styles: Tensor, canvas: Tensor | None = None) -> Tensor:
        """Paintings (N, 3, H, W) in [0, 1].

        photographs: (N, 3, H, W) in [0, 1]; styles: the number of each one's style (N,).
        canvas: see `StyleNetwork.forward`; None for the one that the live picture is painted on.
        """
        if canvas is None:
            canvas = draw_canvas(*canvas_size(photographs.shape[2], photographs.shape[3])).to(photographs.device)
        painted: Tensor = self.network(photographs, canvas, self.scale[styles], self.shift[styles])
        return painted


def with_fixed_statistics(model: StyleModel, batches: Iterator[Tensor], rounds: int = 8) -> StyleModel:
    """The same model with the usual statistics of each style folded into its vectors.

    A network that normalises by its own picture changes its colours when somebody walks in; one that
    normalises by what pictures are usually like doesn't, and needs no pass over the picture to find out.
    (x - mean) / deviation * scale + shift is x * scale' + shift' with scale' = scale / deviation and
    shift' = shift - mean * scale'. Training goes on from there, since usual is not the same as own.
    """
    fixed = StyleModel(model.spec, model.scale.shape[0], fixed=True)
    fixed.load_state_dict(model.state_dict())
    fixed.to(model.scale.device)
    samples = [next(batches).to(model.scale.device) for _ in range(rounds)]
    with torch.no_grad():
        for style in range(model.scale.shape[0]):
            mean, variance = _statistics(model, samples, style)
            fixed.scale[style] = model.scale[style] / (variance + 1e-5).sqrt()
            fixed.shift[style] = model.shift[style] - mean * fixed.scale[style]
    return fixed


def _statistics(model: StyleModel, samples: list[Tensor], style: int) -> tuple[Tensor, Tensor]:
    """Mean and variance (V,) of what reaches each affine, averaged over the samples' pictures."""
    means: list[Tensor] = []
    variances: list[Tensor] = []
    for sample in samples:
        with _watched(model.network) as seen:
            model(sample, torch.full((len(sample),), style, device=sample.device))
        means.append(torch.cat([x.float().mean((0, 2, 3)) for x in seen]))
        variances.append(torch.cat([x.float().var((2, 3), correction=0).mean(0) for x in seen]))
    return torch.stack(means).mean(0), torch.stack(variances).mean(0)


@contextmanager
def _watched(network: StyleNetwork) -> Iterator[list[Tensor]]:
    """Collects the inputs of the affines, in the order in which the picture passes them."""
    seen: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(inputs[0])

    hooks = [m.register_forward_pre_hook(keep) for m in network.modules() if isinstance(m, InstanceAffine)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
