"""Three ways to ask for a steady film: noise must not show, motion must carry strokes along, and real films too.

Pictures are (N, 3, H, W) float RGB in [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from murai.imaging.measures import masked_difference
from murai.imaging.warp import pixel_grid, stays_inside, warp

_PIXELS_SHARE = 1000 / 256**2
_PIXELS_255 = 30
_SIGMA_255 = (2.5, 5.0)

_FARTHEST_SHARE = 0.04
_ZOOM_SHARE = 0.05
_TURN_RAD = math.radians(3.0)


def booth_noise(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """A copy as a cheap camera in low light sees it: some pixels are off, and all have Gaussian noise.

    As Mur.AI: 1,000 pixels of 256 x 256, or as many of each 65, shifted in all colours by a whole number of
    [-30, 30) of 255; the noise has a sigma of 2.5 to 5 of 255, another for each picture. Drawn on the
    generator's device, anew at each call.
    """
    n, channels, height, width = pictures.shape
    noise = torch.randn((n, channels, height, width), generator=generator, device=generator.device)
    sigma = _uniform(n, *_SIGMA_255, generator)
    noise = noise * sigma.view(n, 1, 1, 1)
    count = round(_PIXELS_SHARE * height * width)
    places = torch.randint(height * width, (n, 1, count), generator=generator, device=generator.device)
    shifts = torch.randint(-_PIXELS_255, _PIXELS_255, (n, 1, count), generator=generator, device=generator.device)
    noise.flatten(2).scatter_add_(2, places.expand(n, channels, -1), shifts.float().expand(n, channels, -1))
    return (pictures + (noise / 255.0).to(pictures.device)).clamp(0.0, 1.0)


def noise_loss(painted: Tensor, painted_noisy: Tensor) -> Tensor:
    """Mean squared difference of the paintings of a picture and of its noisy copy."""
    return (painted - painted_noisy).square().mean()


@dataclass(frozen=True)
class Motion:
    """What a camera does between two pictures, another for each picture of a batch.

    shift_px: (N, 2) to the right and down; zoom: (N,), above 1 is nearer; turn_rad: (N,) clockwise. A thing at
    p, measured from the picture's middle, gets to turn(p) * zoom + shift.
    """

    shift_px: Tensor
    zoom: Tensor
    turn_rad: Tensor

    @staticmethod
    def draw(n: int, size: tuple[int, int], generator: torch.Generator) -> Motion:
        """Shifts of up to 4 % of the size, zooms of up to 5 % and turns of up to 3 degrees. size: (height, width).

        Shifts are whole pixels, and a zoom or a turn comes with one picture in two: what is moved by whole pixels
        stays as sharp as it was, so that the loss asks for no blur.
        """
        farthest = torch.tensor([size[1], size[0]], device=generator.device) * _FARTHEST_SHARE
        shift = (_uniform((n, 2), -1.0, 1.0, generator) * farthest).round()
        zoom = 1.0 + _uniform(n, -_ZOOM_SHARE, _ZOOM_SHARE, generator) * _some(n, generator)
        turn = _uniform(n, -_TURN_RAD, _TURN_RAD, generator) * _some(n, generator)
        return Motion(shift, zoom, turn)

    def flow(self, size: tuple[int, int]) -> Tensor:
        """From the moved picture back to the first, (N, 2, H, W) px: see `murai.imaging.warp`. size: (H, W)."""
        grid = pixel_grid(*size, self.zoom.device)
        middle = torch.tensor([size[1] - 1, size[0] - 1], device=self.zoom.device).view(1, 2, 1, 1) / 2.0
        x, y = (grid - middle - self.shift_px.view(-1, 2, 1, 1)).unbind(1)
        cos, sin = (part.view(-1, 1, 1) for part in (self.turn_rad.cos() / self.zoom, self.turn_rad.sin() / self.zoom))
        return torch.stack([cos * x + sin * y, cos * y - sin * x], 1) + middle - grid

    def move(self, pictures: Tensor) -> Tensor:
        """The pictures after the motion, float32 on their own device; what comes in at an edge repeats the edge."""
        return _moved(pictures, self.flow(_size(pictures)).to(pictures.device))


def motion_loss(painted_moved: Tensor, painted: Tensor, motion: Motion) -> Tensor:
    """Mean squared difference of the painting of the moved picture and the moved painting of the picture.

    Only where the motion brought nothing in.
    """
    flow = motion.flow(_size(painted)).to(painted.device)
    return masked_difference(painted_moved, _moved(painted, flow), stays_inside(flow))


def clip_loss(painted_now: Tensor, painted_before: Tensor, flow: Tensor, visible: Tensor) -> Tensor:
    """Mean squared difference of the painting of a frame and that of the one before, moved to where things are now.

    Huang et al. 2017, eq. 7, as a mean; over what both frames show.

    flow: (N, 2, H, W) px, from now to before.
    visible: (N, 1, H, W) in [0, 1], as `murai.imaging.flow.visible` gives it for now.
    """
    return masked_difference(painted_now, warp(painted_before, flow), visible)


def _size(pictures: Tensor) -> tuple[int, int]:
    return pictures.shape[2], pictures.shape[3]


def _moved(pictures: Tensor, flow: Tensor) -> Tensor:
    # Bicubic, for bilinear would blur strokes that lie between pixels, and ask the network for blur.
    return warp(pictures, flow, "bicubic").clamp(0.0, 1.0)


def _uniform(shape: int | tuple[int, ...], low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=generator.device) * (high - low) + low


def _some(n: int, generator: torch.Generator) -> Tensor:
    """1 or 0, (N,) float."""
    return (torch.rand(n, generator=generator, device=generator.device) < 0.5).float()
