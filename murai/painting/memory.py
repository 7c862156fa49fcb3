"""How large tiles may be, and what is done where memory runs out all the same."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import TypeVar

from torch import Tensor

from murai.errors import PaintingError
from murai.hardware import memory_is_full
from murai.networks.perceptual import PerceptualNetwork
from murai.painting.tallies import smallest_tile

_log = logging.getLogger(__name__)

T = TypeVar("T")

_BYTES_A_PX = 6000  # 3,000 to 3,600 were measured; torchvision's networks have more channels in depth
_TILES_SHARE = 0.5  # of the free memory; the rest is for the optimiser's history and the content's features
_ALIGN_PX = 16


def usual_tile(network: PerceptualNetwork, free_bytes: int) -> int:
    """The side of tiles that fit into so much free memory, in px."""
    side = math.isqrt(int(free_bytes * _TILES_SHARE / _BYTES_A_PX))
    return max(smallest_tile(network), side // _ALIGN_PX * _ALIGN_PX)


def whole_tile(picture: Tensor) -> int:
    """The side of a tile that has room for a picture (3, H, W), in px."""
    return -(-max(picture.shape[1:]) // _ALIGN_PX) * _ALIGN_PX


def with_smaller_tiles(network: PerceptualNetwork, tile_px: int, work: Callable[[int], T]) -> T:
    """What `work` gives with tiles of this side, or of half of it and so on where memory runs out, which is logged.

    Raises:
        PaintingError: memory runs out even with the smallest tiles.
    """
    smallest_px = smallest_tile(network)
    while True:
        try:
            return work(tile_px)
        except (RuntimeError, MemoryError) as fault:
            if not memory_is_full(fault):
                raise
        # Out here the fault is forgotten, and with it the tensors that its traceback held.
        if tile_px <= smallest_px:
            raise PaintingError(
                f"memory is full even with tiles of {tile_px} px", "paint at a smaller --size, or use --optimiser adam"
            )
        tile_px = max(smallest_px, tile_px // 2 // _ALIGN_PX * _ALIGN_PX)
        _log.warning("memory is full: going on with tiles of %d px", tile_px)
