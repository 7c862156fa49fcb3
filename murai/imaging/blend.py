"""How a painting and the camera's picture are put together, off the screen.

The renderer's shader does the same on the screen; a picture that is kept comes from here, at the
stylizer's full size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # BT.709, as in the shader


@dataclass(frozen=True, slots=True)
class Blend:
    """How much of the painting is seen. Both in [0, 1]: 1 is all painting, and all the camera's chroma."""

    strength: float = 1.0
    own_colours: float = 0.0


def blend(painting: npt.NDArray[np.uint8], camera: npt.NDArray[np.uint8], how: Blend) -> npt.NDArray[np.uint8]:
    """painting, camera: (H, W, 3) uint8 R'G'B', full range; so is the result."""
    if how.strength == 1.0 and how.own_colours == 0.0:
        return painting
    painted, seen = painting.astype(np.float32), camera.astype(np.float32)
    if how.own_colours > 0.0:
        painted += how.own_colours * (_chroma_of(painted, seen) - painted)
    mixed = seen + how.strength * (painted - seen)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _chroma_of(painted: npt.NDArray[np.float32], seen: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The second's chroma on the first's luma, drawn towards grey as far as it takes to stay in range."""
    luma = (painted @ _LUMA)[..., None]
    chroma = seen - (seen @ _LUMA)[..., None]
    room = np.where(chroma >= 0.0, 255.0 - luma, luma)
    most = (room / np.maximum(np.abs(chroma), 0.025)).min(axis=2, keepdims=True)
    result: npt.NDArray[np.float32] = luma + chroma * np.minimum(1.0, most)
    return result
