"""Networks that see: their features say how alike two pictures look (Gatys et al. 2016)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor

from murai.errors import TrainingError

Pooling = Literal["max", "average"]


@dataclass(frozen=True)
class Layers:
    """Where a perceptual network is asked, and how much each answer counts.

    content, style: weight by layer; "reluB_N" is the Nth convolution of block B, after its ReLU.
    pooling: between blocks; the average gives smoother gradients (Gatys et al. 2016, section 2).
    """

    content: Mapping[str, float]
    style: Mapping[str, float]
    pooling: Pooling = "max"


class PerceptualNetwork(Protocol):
    """Features of pictures at named layers."""

    @property
    def name(self) -> str:
        """Tells this network from others in reports and packs."""
        ...

    @property
    def layers(self) -> Layers:
        """The layers to measure at."""
        ...

    def features(self, pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
        """Features (N, C, h, w) by layer, in the network's own float type; nothing is computed beyond the deepest.

        pictures: (N, 3, H, W) float RGB in [0, 1].
        wanted: names of layers; None for all that `layers` names.

        Raises:
            TrainingError: a layer that the network hasn't.
        """
        ...


def open_perceptual(
    folder: Path | None,
    *,
    which: Literal["vgg16", "vgg19"] = "vgg16",
    layers: Layers | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> PerceptualNetwork:
    """The perceptual network of two local files, or torchvision's, which it downloads once.

    folder: has the two VGG-19 files; None for torchvision's network, and then `which` says which.
    layers: None for the network's usual ones.
    dtype: of weights and features; bfloat16 where the machine is fast in it. No autocast is needed.

    Raises:
        TrainingError: the files, the download or a layer can't be had.
    """
    # Imported here, for both build on this module's types.
    if folder is None:
        from murai.networks.vgg_torchvision import USUAL, torchvision_vgg

        return torchvision_vgg(which, layers or USUAL[which], dtype, device)
    from murai.networks.vgg_files import USUAL_LAYERS, LocalVgg19

    return LocalVgg19(folder, layers or USUAL_LAYERS).to(device=device, dtype=dtype)


def check_layers(wanted: Collection[str], known: Collection[str], name: str) -> None:
    """Raises TrainingError where `known` hasn't all that is wanted of the network called `name`."""
    if unknown := sorted(set(wanted) - set(known)):
        raise TrainingError(f"{name} has no layer '{unknown[0]}'", f"known are {', '.join(known)}")
