"""VGG-19 from two files on disk, for machines without internet."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from murai.errors import TrainingError
from murai.networks.perceptual import Layers, check_layers
from murai.networks.vgg_chain import VGG19_CONVOLUTIONS, VggChain, layer_names

USUAL_LAYERS = Layers(content={"relu3_1": 1.0}, style=dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu4_1"), 1.0))

_REAL = "vgg19_normalised_to_conv3_1.safetensors"
_DISTILLED = "vgg19_distilled_16x_to_conv5_1.safetensors"
_PROJECTED = ("relu4_1", "relu5_1")
_MEAN_BGR_255 = (103.939, 116.779, 123.68)
_REMEDY = "name the folder that has it with --perceptual"


class LocalVgg19(nn.Module):
    """VGG-19 (Simonyan and Zisserman 2015): the real filters up to relu3_1, and deeper ones distilled.

    relu4_1 and relu5_1 come from a network of a quarter of the channels that was distilled from the real
    one (Wang et al. 2020), through a 1 x 1 projection to the real 512 channels.

    Raises:
        TrainingError: a file is missing or damaged, or there is no such layer.
    """

    name = "vgg19-local"
    _mean: Tensor

    def __init__(self, folder: Path, layers: Layers = USUAL_LAYERS) -> None:
        super().__init__()
        self.layers = layers
        distilled = _Tensors(folder / _DISTILLED)
        self._real = _chain(_Tensors(folder / _REAL), "relu3_1", layers)
        self._distilled = _chain(distilled, "relu5_1", layers)
        self.known = (*self._real.names, *_PROJECTED)
        for layer in _PROJECTED:
            weight, bias = distilled.kernel(layer.replace("relu", "project"))
            self.register_buffer(f"{layer}_weight", weight, persistent=False)
            self.register_buffer(f"{layer}_bias", bias, persistent=False)
        mean = torch.tensor(_MEAN_BGR_255).flip(0) / 255.0
        self.register_buffer("_mean", mean.view(1, 3, 1, 1), persistent=False)
        check_layers({*layers.content, *layers.style}, self.known, self.name)

    def features(self, pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
        """See `PerceptualNetwork.features`."""
        asked = {*self.layers.content, *self.layers.style} if wanted is None else set(wanted)
        check_layers(asked, self.known, self.name)
        # The weights' own type is meant, whatever the caller paints in.
        with torch.autocast(pictures.device.type, enabled=False):
            x = (pictures - self._mean).to(self._mean.dtype, memory_format=torch.channels_last)
            found: dict[str, Tensor] = self._real(x, asked & set(self._real.names))
            deep = self._distilled(x, asked & set(_PROJECTED))
            for layer, narrow in deep.items():
                weight, bias = self.get_buffer(f"{layer}_weight"), self.get_buffer(f"{layer}_bias")
                found[layer] = torch.relu_(F.conv2d(narrow, weight, bias))
        return found


def _chain(tensors: _Tensors, last: str, layers: Layers) -> VggChain:
    names = layer_names(VGG19_CONVOLUTIONS, last)
    kernels = {name: tensors.kernel(name.replace("relu", "conv")) for name in names}
    weight, bias = kernels["relu1_1"]
    # The files want BGR in 0 to 255: what makes that of RGB in 0 to 1 goes into the first kernel.
    kernels["relu1_1"] = (weight.flip(1) * 255.0, bias)
    return VggChain(kernels, layers.pooling)


class _Tensors:
    """What one file holds."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._loaded = load_file(file)
        except (OSError, SafetensorError) as fault:
            raise TrainingError(f"can't read the perceptual network {file}: {fault}", _REMEDY) from fault

    def kernel(self, name: str) -> tuple[Tensor, Tensor]:
        """Weight and bias of a convolution, float32."""
        for tensor in (f"{name}.weight", f"{name}.bias"):
            if tensor not in self._loaded:
                raise TrainingError(f"the perceptual network {self._file} has no tensor '{tensor}'", _REMEDY)
        return self._loaded[f"{name}.weight"].float(), self._loaded[f"{name}.bias"].float()
