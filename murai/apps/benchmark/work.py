"""How much work a picture is, to compare times with what the machine can do."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from murai.apps.benchmark.options import Size
from murai.networks.canvas import CANVAS_CHANNELS, canvas_size
from murai.networks.style import FixedAffine, StyleNetwork, StyleNetworkSpec

_YUV, _RGB, _RGBX = 1.5, 3.0, 4.0  # bytes a pixel


def network_flops(spec: StyleNetworkSpec, size: Size) -> int:
    """Floating-point operations of one picture, of the network as it is defined (two for a multiply-add).

    A painter that saves some of them by folding gets them counted all the same.
    """
    width, height = size
    with torch.device("meta"):
        network = StyleNetwork(spec, FixedAffine)
        vector = torch.zeros(1, spec.vector_length)
        canvas = torch.zeros(1, CANVAS_CHANNELS, *canvas_size(height, width))
        return count_flops(network, torch.zeros(1, 3, height, width), canvas, vector, vector)


def count_flops(network: nn.Module, *inputs: torch.Tensor) -> int:
    """Floating-point operations of one call."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*inputs)
    return int(counter.get_total_flops())


def moved_bytes(stage: str, size: Size) -> float:
    """What a picture's pixels are at the least, read and written once each."""
    a_pixel = {"decode": _YUV + _RGB, "colour": _YUV + _RGB, "draw": _RGBX + _RGBX}
    return a_pixel[stage] * size[0] * size[1]
