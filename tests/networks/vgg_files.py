"""The two files of `LocalVgg19`, drawn at random: the real shapes, or the same with fewer channels."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

REAL = "vgg19_normalised_to_conv3_1.safetensors"
DISTILLED = "vgg19_distilled_16x_to_conv5_1.safetensors"

_REAL_CHANNELS = {"conv1_1": 64, "conv1_2": 64, "conv2_1": 128, "conv2_2": 128, "conv3_1": 256}
_DISTILLED_CHANNELS = (
    {"conv1_1": 16, "conv1_2": 16, "conv2_1": 32, "conv2_2": 32}
    | {f"conv3_{n}": 64 for n in range(1, 5)}
    | {f"conv4_{n}": 128 for n in range(1, 5)}
    | {"conv5_1": 128}
)
_PROJECTED = {"conv1_1": 64, "conv2_1": 128, "conv3_1": 256, "conv4_1": 512, "conv5_1": 512}


def write_vgg_files(folder: Path, thinner: int = 1) -> Path:
    """Writes both files, with 1 / `thinner` of the channels, and gives the folder back."""
    folder.mkdir(parents=True, exist_ok=True)
    random = torch.Generator().manual_seed(19)
    save_file(_chain(_REAL_CHANNELS, thinner, random), folder / REAL)
    distilled = _chain(_DISTILLED_CHANNELS, thinner, random)
    for name, channels in _PROJECTED.items():
        into = _DISTILLED_CHANNELS[name] // thinner
        distilled |= _convolution(name.replace("conv", "project"), into, channels // thinner, 1, random)
    save_file(distilled, folder / DISTILLED)
    return folder


def _chain(channels: dict[str, int], thinner: int, random: torch.Generator) -> dict[str, Tensor]:
    made: dict[str, Tensor] = {}
    before = 3
    for name, count in channels.items():
        made |= _convolution(name, before, count // thinner, 3, random)
        before = count // thinner
    return made


def _convolution(name: str, before: int, after: int, side: int, random: torch.Generator) -> dict[str, Tensor]:
    spread = (2.0 / (before * side * side)) ** 0.5  # keeps the size of what passes, layer after layer
    weight = torch.randn((after, before, side, side), generator=random) * spread
    return {f"{name}.weight": weight, f"{name}.bias": torch.randn(after, generator=random) * 0.1}
