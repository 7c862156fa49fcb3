"""The usual script, to compare with: Johnson's network, eager, in single precision, one picture after another.

What people find when they look for live style transfer: OpenCV decodes, the picture goes to the device, the
network paints it, it comes back and is shown with OpenCV's `imshow`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from murai.apps.benchmark.figures import Row, Subject
from murai.apps.benchmark.footage import Clip
from murai.apps.benchmark.limits import all_cores
from murai.apps.benchmark.options import Size
from murai.apps.benchmark.stopwatch import time_calls
from murai.apps.benchmark.work import count_flops
from murai.apps.benchmark.workshop import Workshop
from murai.errors import BenchError

_REPEATED = 20


def measure_peer(workshop: Workshop, size: Size) -> Row:
    """The whole script, from the file to the window's memory.

    Raises:
        ImportError: OpenCV is not installed.
    """
    import cv2

    device = workshop.compute.device
    network = JohnsonNetwork().eval().to(device)
    with tempfile.TemporaryDirectory() as folder, all_cores(), torch.no_grad():
        film = _Film(cv2, _as_file(workshop.clip(size), Path(folder)))
        show = _screen(cv2, size)
        # Ends with a copy to host memory, which waits for the GPU: the host's clock sees all of it.
        timings = time_calls(lambda: show(_paint(cv2, network, film.read(), device)), workshop.seconds)
        film.close()
    return workshop.row_by_flops(Subject("peer", "pipeline", size), timings, johnson_flops(size))


def johnson_flops(size: Size) -> int:
    """Floating-point operations of one picture."""
    with torch.device("meta"):
        return count_flops(JohnsonNetwork(), torch.zeros(1, 3, size[1], size[0]))


class JohnsonNetwork(nn.Module):
    """Johnson et al. 2016 with instance norm (Ulyanov et al. 2016), as it is mostly built today.

    Takes and gives (N, 3, H, W) in [0, 255]. Its weights are random: they cost as much as trained ones.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(_convolve(3, 32, 9), _convolve(32, 64, 3, 2), _convolve(64, 128, 3, 2))
        self.blocks = nn.ModuleList([nn.Sequential(_convolve(128, 128, 3), _plain(128, 128, 3)) for _ in range(5)])
        self.up1, self.up2 = _convolve(128, 64, 3), _convolve(64, 32, 3)
        self.out = nn.Sequential(nn.ReflectionPad2d(4), nn.Conv2d(32, 3, 9))

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.down(pictures)
        for block in self.blocks:
            x = x + block(x)
        x = self.up1(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        x = self.up2(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        painted: Tensor = self.out(x)
        return painted


def _plain(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride)
    return nn.Sequential(nn.ReflectionPad2d(kernel // 2), convolution, nn.InstanceNorm2d(outputs, affine=True))


def _convolve(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(*_plain(inputs, outputs, kernel, stride), nn.ReLU())


def _paint(cv2: Any, network: nn.Module, bgr: NDArray[np.uint8], device: str) -> NDArray[np.uint8]:
    rgb = torch.from_numpy(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
    pictures = rgb.permute(2, 0, 1).float().unsqueeze(0).to(device)
    painted = network(pictures)[0].clamp(0, 255).cpu()
    shown: NDArray[np.uint8] = cv2.cvtColor(painted.permute(1, 2, 0).numpy().astype(np.uint8), cv2.COLOR_RGB2BGR)
    return shown


def _screen(cv2: Any, size: Size) -> Callable[[NDArray[np.uint8]], None]:
    """What `imshow` does with a picture: into the window's pixel format, and from there into its memory."""
    memory = np.zeros((size[1], size[0], 4), np.uint8)

    def show(bgr: NDArray[np.uint8]) -> None:
        height, width = bgr.shape[:2]
        np.copyto(memory[:height, :width], cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)[: size[1], : size[0]])

    return show


def _as_file(clip: Clip, folder: Path) -> Path:
    """The clip's access units one after another are a film that OpenCV reads."""
    file = folder / "clip.h264"
    file.write_bytes(b"".join(packet.data for packet in clip.packets) * _REPEATED)
    return file


class _Film:
    """A file that OpenCV decodes, again and again."""

    def __init__(self, cv2: Any, file: Path) -> None:
        self._cv2 = cv2
        self._file = file
        self._capture = cv2.VideoCapture(str(file))

    def read(self) -> NDArray[np.uint8]:
        """The next picture (H, W, 3) in B'G'R'.

        Raises:
            BenchError: OpenCV can't read it.
        """
        got, picture = self._capture.read()
        if not got:
            self.close()
            self._capture = self._cv2.VideoCapture(str(self._file))
            got, picture = self._capture.read()
        if not got:
            raise BenchError("OpenCV can't decode H.264", "install opencv-python-headless from its wheel")
        decoded: NDArray[np.uint8] = picture
        return decoded

    def close(self) -> None:
        self._capture.release()
