"""Pictures on disk: read upright as RGB, written in their own format with what else was in them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from murai.apps.stylizing_files import write_whole
from murai.errors import MediaError, RenderError

PICTURE_FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
# What Pillow raises for files that are no images, damaged, or of absurd size.
_FAULTS = (OSError, ValueError, Image.DecompressionBombError, SyntaxError, TypeError, struct.error)
_WITH_ALPHA = ("PNG", "WEBP", "TIFF")
_SAVING: dict[str, dict[str, Any]] = {
    # Full colour resolution: paintings have hard edges between strong colours.
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": 95, "method": 4},
    "TIFF": {"compression": "tiff_lzw"},
    "BMP": {},
}


@dataclass(frozen=True)
class Picture:
    """A picture as it is painted.

    rgb: (3, H, W) uint8, upright. alpha: (1, H, W) uint8, or None where it is opaque.
    profile: ICC profile of its colours, b"" for sRGB. exif: what the camera noted, without its orientation.
    """

    rgb: Tensor
    alpha: Tensor | None = None
    profile: bytes = b""
    exif: bytes = b""

    def painted(self, rgb: Tensor) -> Picture:
        return replace(self, rgb=rgb)


def read_picture(file: Path) -> Picture:
    """The first picture of a file.

    Raises:
        MediaError: it isn't there, is no picture, or is damaged.
    """
    try:
        with Image.open(file) as opened:
            upright = ImageOps.exif_transpose(opened)
            return _picture_of(_eight_bit(upright))
    except FileNotFoundError as fault:
        raise MediaError(f"there is no file {file}", "check the path") from fault
    except UnidentifiedImageError as fault:
        raise MediaError(f"{file} is no picture that can be read", "give a PNG, JPEG, WebP, TIFF or BMP") from fault
    except _FAULTS as fault:
        raise MediaError(f"can't read {file}: {fault}", "it is damaged, or not a picture") from fault


def write_picture(file: Path, picture: Picture) -> None:
    """Writes it in the format that the name's ending asks for.

    Raises:
        RenderError: it can't be written.
    """
    form = PICTURE_FORMATS[file.suffix.lower()]
    planes = [picture.rgb.cpu()]
    if picture.alpha is not None and form in _WITH_ALPHA:
        planes.append(picture.alpha)
    image = Image.fromarray(torch.cat(planes).permute(1, 2, 0).contiguous().numpy())
    facts = {"icc_profile": picture.profile, "exif": picture.exif} if form != "BMP" else {}
    settings = _SAVING[form] | {name: value for name, value in facts.items() if value}
    try:
        write_whole(file, lambda part: image.save(part, form, **settings))
    except ValueError as fault:  # what Pillow says of sizes that a format can't hold
        size = f"{image.width}x{image.height}"
        raise RenderError(
            f"{file} can't be written at {size} px ({fault})", "give --png, or a smaller --size"
        ) from fault


def _picture_of(image: Image.Image) -> Picture:
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    # A profile describes RGB or grey values, not what becomes of CMYK.
    profile = image.info.get("icc_profile", b"") if image.mode in ("RGB", "RGBA") else b""
    pixels = np.array(image.convert("RGBA" if has_alpha else "RGB"))
    planes = torch.from_numpy(pixels).permute(2, 0, 1)
    exif = image.getexif()
    return Picture(planes[:3], planes[3:] if has_alpha else None, profile, exif.tobytes() if len(exif) else b"")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Sixteen-bit grey as eight bits: Pillow would cut it off at 255."""
    if not image.mode.startswith("I;16") and image.mode != "I":
        return image
    return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
