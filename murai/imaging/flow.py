"""What moved where between two pictures, and what of it can be seen in both. Flows are as in `murai.imaging.warp`."""

from __future__ import annotations

import logging
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from murai.errors import TrainingError
from murai.imaging.warp import stays_inside, warp

_log = logging.getLogger(__name__)
_REMEDY = "install the extra 'training'"
_AROUND_PX = 9
_AS_WELL = 1.2
_NOISE = 2.0 / 255.0


FinderName = Literal["dis", "raft"]


class FlowFinder(Protocol):
    """Finds flows. One instance is one thread's. name: by which `open_flow` gives the same kind again."""

    @property
    def name(self) -> FinderName: ...

    def find(self, pictures: Tensor, others: Tensor) -> Tensor:
        """For each place of `pictures`, how far off the same thing is in `others`: (N, 2, H, W) float32 px.

        `warp(others, flow)` looks like `pictures`. Both: (N, 3, H, W) float RGB in [0, 1], on one device.
        """
        ...


def open_flow(which: Literal["auto"] | FinderName = "auto", device: torch.device | str = "cpu") -> FlowFinder:
    """A finder by name; auto is RAFT on a GPU where torchvision has it, and DIS anywhere else.

    Raises:
        TrainingError: what it takes is not installed or can't be downloaded.
    """
    if which == "dis":
        return DisFlow()
    if which == "raft":
        return RaftFlow(device)
    if torch.device(device).type != "cuda":
        return DisFlow()  # RAFT takes seconds a picture on a processor
    try:
        return RaftFlow(device)
    except TrainingError as fault:
        _log.info("flow by DIS: %s", fault.what)
        return DisFlow()


class DisFlow:
    """OpenCV's dense inverse search (Kroeger et al. 2016) at its medium setting; computes on the CPU.

    A departure: where staying explains a place as well as moving does, it stays. On a bare wall the search
    follows the camera's noise, some pixels this way and some that: of a film of people before a wall, `visible`
    kept 0.3 of all places, and keeps 0.8 to 0.99 with this, at no larger warping error.

    Raises:
        TrainingError: OpenCV is not installed.
    """

    name: FinderName = "dis"

    def __init__(self) -> None:
        try:
            import cv2  # training alone needs OpenCV
        except ImportError as fault:
            raise TrainingError(f"OpenCV can't be used: {fault}", _REMEDY) from fault
        self._search: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def find(self, pictures: Tensor, others: Tensor) -> Tensor:
        """See `FlowFinder.find`. Pictures must be 12 px or more across and down."""
        pairs = zip(_grey_255(pictures), _grey_255(others), strict=True)
        flows = [self._search.calc(one, other, None) for one, other in pairs]
        found = torch.from_numpy(np.stack(flows)).permute(0, 3, 1, 2).contiguous().to(pictures.device)
        moved, still = _mismatch(pictures, warp(others, found)), _mismatch(pictures, others)
        return found * (still > _AS_WELL * moved + _NOISE**2)


def _mismatch(pictures: Tensor, others: Tensor) -> Tensor:
    """Mean squared difference around each place (N, 1, H, W)."""
    squares = (pictures.detach().float() - others.detach().float()).square().mean(1, keepdim=True)
    return F.avg_pool2d(squares, _AROUND_PX, stride=1, padding=_AROUND_PX // 2, count_include_pad=False)


def _grey_255(pictures: Tensor) -> Any:
    """(N, 3, H, W) RGB in [0, 1] as an array (N, H, W) of luma in 0 to 255, uint8."""
    red, green, blue = pictures.detach().float().unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return (luma * 255.0).round().clamp(0.0, 255.0).to(torch.uint8).cpu().contiguous().numpy()


class RaftFlow:
    """Torchvision's large RAFT (Teed and Deng 2020), which it downloads once.

    Raises:
        TrainingError: torchvision can't be imported, or its weights can't be downloaded.
    """

    name: FinderName = "raft"

    def __init__(self, device: torch.device | str = "cpu") -> None:
        try:
            from torchvision.models import optical_flow  # training alone needs torchvision
        except (ImportError, RuntimeError) as fault:  # RuntimeError: it was built for another torch
            raise TrainingError(f"torchvision can't be used: {fault}", f"{_REMEDY} that matches this torch") from fault
        try:
            network = optical_flow.raft_large(weights=optical_flow.Raft_Large_Weights.DEFAULT, progress=False)
        except (OSError, RuntimeError) as fault:  # RuntimeError: what came is not what was published
            raise TrainingError(
                f"can't download torchvision's RAFT weights: {fault}", "connect to the internet once, or take DIS"
            ) from fault
        self._network: Any = network.eval().requires_grad_(False).to(device)
        self._device = torch.device(device)

    def find(self, pictures: Tensor, others: Tensor) -> Tensor:
        """See `FlowFinder.find`."""
        height, width = pictures.shape[2:]
        down, across = max(128, -(-height // 8) * 8) - height, max(128, -(-width // 8) * 8) - width

        def fitted(x: Tensor) -> Tensor:  # RAFT wants -1 to 1, sides that 8 divides, and 128 px at least
            return F.pad(x.to(self._device).float() * 2.0 - 1.0, [0, across, 0, down], mode="replicate")

        with torch.inference_mode():
            flow: Tensor = self._network(fitted(pictures), fitted(others))[-1]
        return flow[..., :height, :width].clone().to(pictures.device)


def visible(forward: Tensor, backward: Tensor) -> Tensor:
    """1 where a place of the later picture is seen in the earlier too, (N, 1, H, W) float (Ruder et al. 2016, 4.2).

    0 where what is there was hidden or outside (eq. 5: forward and backward flow disagree), and along the
    edges of motion (eq. 6), where flows are wrong by some pixels.

    forward: from the earlier to the later picture; backward: from the later to the earlier, whose places
    the answer is about. Both px, see `murai.imaging.warp`.
    """
    returned = warp(forward, backward)
    apart = (returned + backward).square().sum(1, keepdim=True)
    lengths = returned.square().sum(1, keepdim=True) + backward.square().sum(1, keepdim=True)
    agrees = apart <= 0.01 * lengths + 0.5
    flat = _steepness(backward) <= 0.01 * backward.square().sum(1, keepdim=True) + 0.002
    return (agrees & flat).float() * stays_inside(backward)


def _steepness(flow: Tensor) -> Tensor:
    """Squared gradients of both parts of a flow, summed, (N, 1, H, W); by differences across each place."""
    around = F.pad(flow, [1, 1, 1, 1], mode="replicate")
    across = (around[..., 1:-1, 2:] - around[..., 1:-1, :-2]) / 2.0
    down = (around[..., 2:, 1:-1] - around[..., :-2, 1:-1]) / 2.0
    return (across.square() + down.square()).sum(1, keepdim=True)
