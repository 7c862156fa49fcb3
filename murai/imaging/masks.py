"""Masks: (H, W) float in [0, 1], how much each place of a picture counts; in files white counts and black doesn't."""

from __future__ import annotations

import logging
import math
import struct
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional as F

from murai.errors import MediaError

_log = logging.getLogger(__name__)
# What Pillow raises for files that are no images, damaged, or of absurd size.
_FAULTS = (OSError, ValueError, Image.DecompressionBombError, SyntaxError, TypeError, struct.error)


def read_mask(file: Path, size: tuple[int, int], softness_px: float = 0.0) -> Tensor:
    """A mask from an image, scaled to its picture where it is of another size, which is logged as a warning.

    size: (height, width) of its picture. softness_px: see `softened`, in px of the picture.

    Raises:
        MediaError: the file can't be read, or is black all over.
    """
    try:
        with Image.open(file) as opened:
            grey = ImageOps.exif_transpose(opened).convert("L")
    except _FAULTS as fault:
        raise MediaError(f"can't read the mask {file}: {fault}", "give a whole PNG, JPEG or WebP") from fault
    mask = torch.from_numpy(np.array(grey)).float() / 255.0
    if mask.shape != size:
        _log.warning("the mask %s is scaled from %dx%d to %dx%d", file, grey.width, grey.height, size[1], size[0])
    mask = softened(at_size(mask, size), softness_px)
    if float(mask.max()) <= 0.0:
        raise MediaError(f"the mask {file} is black all over", "paint white what counts")
    return mask


def at_size(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """The mask for a picture or features of this size, (height, width): each place is the mean of what it covers."""
    if mask.shape == size:
        return mask
    if mask.shape[0] >= size[0] and mask.shape[1] >= size[1]:
        return F.adaptive_avg_pool2d(mask[None, None], size)[0, 0]
    sized = F.interpolate(mask[None, None], size=size, mode="bilinear", antialias=True, align_corners=False)
    return sized[0, 0].clamp(0.0, 1.0)


def softened(mask: Tensor, sigma_px: float) -> Tensor:
    """The mask with soft edges: blurred by a Gaussian of this deviation; the picture's edge repeats."""
    reach = math.ceil(3.0 * sigma_px)
    if reach < 1:
        return mask
    at = torch.arange(-reach, reach + 1, dtype=mask.dtype, device=mask.device)
    bell = torch.softmax(-0.5 * (at / sigma_px) ** 2, 0)
    around = F.pad(mask[None, None], [reach] * 4, mode="replicate")
    across = F.conv2d(around, bell.view(1, 1, 1, -1))
    return F.conv2d(across, bell.view(1, 1, -1, 1))[0, 0]
