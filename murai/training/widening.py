"""A larger network that begins as a trained smaller one (Chen et al. 2016, "Net2Net"): what was learnt isn't lost."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.training.model import StyleModel

_APART = 0.1  # noise on the kernels of copies, as a share of a kernel's deviation: copies that are alike stay alike


def widened(model: StyleModel, spec: StyleNetworkSpec, seed: int) -> StyleModel:
    """The model with this spec, which paints nearly the same; the model itself where it has that already.

    New channels are copies of old ones, which share what goes out from them (section 3.1); a little noise tells them
    apart. New blocks come last, and add nothing until they have learnt something (section 3.2).

    Raises:
        TrainingError: the spec is smaller in something.
    """
    if spec == model.spec:
        return model
    for name, had in asdict(model.spec).items():
        if getattr(spec, name) < had:
            raise TrainingError(
                f"a start with --{name} {had:g} can't become one with {getattr(spec, name):g}",
                f"leave out --{name}, or give {had:g} or more",
            )
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        larger = StyleModel(spec, model.styles)
        _fill(larger, model, random)
    return larger


@dataclass(frozen=True)
class _Copies:
    """of: by new channel, the old one that it is a copy of, (New,). shares: one over how many copies that one has."""

    of: Tensor
    shares: Tensor

    @classmethod
    def between(cls, old: int, new: int) -> _Copies:
        of = torch.arange(new) % old
        return cls(of, 1.0 / torch.bincount(of)[of])


def _fill(larger: StyleModel, model: StyleModel, random: torch.Generator) -> None:
    coarse = _Copies.between(model.spec.channels, larger.spec.channels)
    fine = _Copies.between(model.spec.fine_channels, larger.spec.fine_channels)
    old, new = model.network.convolutions(), larger.network.convolutions()
    small = len(old) - 2  # the other two enlarge
    sides = [(None, coarse), *[(coarse, coarse)] * (small - 1), (coarse, fine), (fine, None)]
    for before, after, (inputs, outputs) in zip(old, [*new[:small], *new[-2:]], sides, strict=True):
        after.weight.copy_(_kernel(before.weight, inputs, outputs, random))
    larger.network.weave.weight.copy_(_kernel(model.network.weave.weight, None, coarse, random))
    assert old[-1].bias is not None and new[-1].bias is not None
    new[-1].bias.copy_(old[-1].bias)
    for vectors, wanted in ((model.scale, larger.scale), (model.shift, larger.shift)):
        *parts, last = torch.split(vectors, [model.spec.channels] * small + [model.spec.fine_channels], 1)
        wanted[:, : larger.spec.channels * small] = torch.cat([part[:, coarse.of] for part in parts], 1)
        wanted[:, -larger.spec.fine_channels :] = last[:, fine.of]
    for layer in range(small, len(new) - 2, 2):  # new blocks: their second affines begin at nothing
        larger.scale[:, larger.spec.channels * (layer + 1) :][:, : larger.spec.channels] = 0.0


def _kernel(kernel: Tensor, inputs: _Copies | None, outputs: _Copies | None, random: torch.Generator) -> Tensor:
    """The larger kernel (O, I, h, w); None where that side stays."""
    made = kernel
    if inputs is not None:
        made = made[:, inputs.of] * inputs.shares[:, None, None]
    if outputs is not None:
        made = made[outputs.of]
        copies = made[kernel.shape[0] :]
        copies += torch.randn(copies.shape, generator=random) * made.std() * _APART
    return made
