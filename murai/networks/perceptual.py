"""Networks that see: their features say how alike two pictures look (Gatys et al. 2016)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from murai.errors import TrainingError

_REAL = "vgg19_normalised_to_conv3_1.safetensors"
_DISTILLED = "vgg19_distilled_16x_to_conv5_1.safetensors"
_ORDER = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv3_4", "conv4_1")
_POOLED_AFTER = {"conv1_2", "conv2_2", "conv3_4"}
_REMEDY = "name the folder that has it with --perceptual"


class PerceptualNetwork(Protocol):
    """Features of pictures at named layers.

    content_layer, style_layers: names among what `features` gives.
    """

    content_layer: str
    style_layers: tuple[str, ...]

    def features(self, pictures: Tensor) -> dict[str, Tensor]:
        """pictures (N, 3, H, W) float RGB in [0, 1]; gives (N, C, h, w) by layer, after its ReLU."""
        ...


class LocalVgg19(nn.Module):
    """VGG-19 (Simonyan and Zisserman 2015) from two files on disk, for machines without internet.

    The real network's filters up to relu3_1; relu4_1 from a network of a quarter of the channels that
    was distilled from it (Wang et al. 2020) and a 1 x 1 projection to the real 512 channels.
    """

    content_layer = "relu3_1"
    style_layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    _mean: Tensor

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._real = _Chain(folder / _REAL, "conv3_1")
        self._distilled = _Chain(folder / _DISTILLED, "conv4_1", ("project4_1",))
        self.register_buffer("_mean", torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)

    def features(self, pictures: Tensor) -> dict[str, Tensor]:
        """See `PerceptualNetwork.features`."""
        x = pictures.flip(1) * 255.0 - self._mean
        x = x.contiguous(memory_format=torch.channels_last)
        found: dict[str, Tensor] = self._real(x, ("relu1_1", "relu2_1", "relu3_1"))
        deep = self._distilled(x, ("relu4_1",))["relu4_1"]
        weights = self._distilled.tensors
        found["relu4_1"] = F.relu(F.conv2d(deep, weights["project4_1_weight"], weights["project4_1_bias"]))
        return found


class _Chain(nn.Module):
    """The convolutions of one file in their order, up to `last`; and `besides`, for others to use."""

    def __init__(self, file: Path, last: str, besides: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._order = _ORDER[: _ORDER.index(last) + 1]
        loaded = _load(file)
        for name in (f"{layer}.{part}" for layer in (*self._order, *besides) for part in ("weight", "bias")):
            if name not in loaded:
                raise TrainingError(f"the perceptual network {file} has no tensor '{name}'", _REMEDY)
            self.register_buffer(name.replace(".", "_"), loaded[name].float(), persistent=False)

    @property
    def tensors(self) -> dict[str, Tensor]:
        return dict(self.named_buffers())

    def forward(self, x: Tensor, wanted: tuple[str, ...]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        weights = self.tensors
        for name in self._order:
            x = F.pad(x, [1, 1, 1, 1], mode="reflect")
            x = F.relu(F.conv2d(x, weights[f"{name}_weight"], weights[f"{name}_bias"]))
            layer = name.replace("conv", "relu")
            if layer in wanted:
                found[layer] = x
            if name in _POOLED_AFTER:
                x = F.max_pool2d(x, 2)
        return found


def _load(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (OSError, SafetensorError) as fault:
        raise TrainingError(f"can't read the perceptual network {file}: {fault}", _REMEDY) from fault


class TorchvisionVgg16(nn.Module):
    """Torchvision's VGG-16, which it downloads once: the layers that Johnson et al. 2016 measure at."""

    content_layer = "relu3_3"
    style_layers: tuple[str, ...] = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    _mean: Tensor
    _deviation: Tensor
    _AT: ClassVar = {3: "relu1_2", 8: "relu2_2", 15: "relu3_3", 22: "relu4_3"}

    def __init__(self) -> None:
        super().__init__()
        try:
            from torchvision.models import VGG16_Weights, vgg16  # training alone needs torchvision
        except (ImportError, RuntimeError) as fault:  # RuntimeError: it was built for another torch
            raise TrainingError(
                f"torchvision can't be used: {fault}",
                "install the extra 'training' that matches this torch, or name a folder with --perceptual",
            ) from fault
        try:
            layers = vgg16(weights=VGG16_Weights.IMAGENET1K_V1).features[:23]
        except OSError as fault:
            raise TrainingError(
                f"can't download torchvision's VGG-16 weights: {fault}",
                "connect to the internet once, or name a folder with --perceptual",
            ) from fault
        self._layers = layers.requires_grad_(False).eval()
        self.register_buffer("_mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("_deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)

    def features(self, pictures: Tensor) -> dict[str, Tensor]:
        """See `PerceptualNetwork.features`."""
        x = (pictures - self._mean) / self._deviation
        found: dict[str, Tensor] = {}
        for index, layer in enumerate(self._layers):
            x = layer(x)
            if index in self._AT:
                found[self._AT[index]] = x.clone()  # the ReLUs of torchvision work in place
        return found
