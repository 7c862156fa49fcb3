"""Torchvision's VGG-16 and VGG-19, which it downloads once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from murai.errors import TrainingError
from murai.networks.perceptual import Layers, check_layers
from murai.networks.vgg_chain import VGG16_CONVOLUTIONS, VGG19_CONVOLUTIONS, VggChain, layer_names

Which = Literal["vgg16", "vgg19"]

# Johnson et al. 2016 for VGG-16, Gatys et al. 2016 for VGG-19.
USUAL: Mapping[Which, Layers] = {
    "vgg16": Layers(content={"relu3_3": 1.0}, style=dict.fromkeys(("relu1_2", "relu2_2", "relu3_3", "relu4_3"), 1.0)),
    "vgg19": Layers(
        content={"relu4_2": 1.0}, style=dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), 1.0)
    ),
}
_CONVOLUTIONS: Mapping[Which, tuple[int, ...]] = {"vgg16": VGG16_CONVOLUTIONS, "vgg19": VGG19_CONVOLUTIONS}
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)


def torchvision_vgg(which: Which, layers: Layers, dtype: torch.dtype, device: torch.device | str) -> TorchvisionVgg:
    """One of torchvision's networks with the weights learnt on ImageNet.

    Raises:
        TrainingError: torchvision can't be imported, its weights can't be downloaded, or there is no such layer.
    """
    check_layers({*layers.content, *layers.style}, layer_names(_CONVOLUTIONS[which]), f"torchvision-{which}")
    return TorchvisionVgg(which, layers, _weights(which)).to(device=device, dtype=dtype)


class TorchvisionVgg(nn.Module):
    """VGG-16 or VGG-19 with weights as torchvision names them ("0.weight", "0.bias", "2.weight"...)."""

    _mean: Tensor

    def __init__(self, which: Which, layers: Layers, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.name = f"torchvision-{which}"
        self.layers = layers
        self.known = layer_names(_CONVOLUTIONS[which])
        check_layers({*layers.content, *layers.style}, self.known, self.name)
        places = sorted({int(name.split(".")[0]) for name in weights})
        kernels = {
            name: (weights[f"{place}.weight"], weights[f"{place}.bias"])
            for name, place in zip(self.known, places, strict=True)
        }
        weight, bias = kernels["relu1_1"]
        kernels["relu1_1"] = (weight / torch.tensor(_DEVIATION).view(1, 3, 1, 1), bias)
        self._chain = VggChain(kernels, layers.pooling)
        self.register_buffer("_mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)

    def features(self, pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
        """See `PerceptualNetwork.features`."""
        asked = {*self.layers.content, *self.layers.style} if wanted is None else set(wanted)
        check_layers(asked, self.known, self.name)
        # The weights' own type is meant, whatever the caller paints in.
        with torch.autocast(pictures.device.type, enabled=False):
            x = (pictures - self._mean).to(self._mean.dtype, memory_format=torch.channels_last)
            found: dict[str, Tensor] = self._chain(x, asked)
        return found


def _weights(which: Which) -> Mapping[str, Tensor]:
    try:
        from torchvision import models  # training alone needs torchvision
    except (ImportError, RuntimeError) as fault:  # RuntimeError: it was built for another torch
        raise TrainingError(
            f"torchvision can't be used: {fault}",
            "install the extra 'training' that matches this torch, or name a folder with --perceptual",
        ) from fault
    try:
        found: Mapping[str, Tensor] = models.get_model(which, weights="IMAGENET1K_V1").features.state_dict()
    except (OSError, RuntimeError) as fault:  # RuntimeError: what came is not what was published
        raise TrainingError(
            f"can't download torchvision's {which} weights: {fault}",
            "connect to the internet once, or name a folder with --perceptual",
        ) from fault
    return found
