"""Tiles cover a picture once, begin where pooling does, and show enough around."""

from __future__ import annotations

import pytest
import torch

from murai.imaging.tiles import Box, cut, smallest_side


@pytest.mark.parametrize("size", [(200, 300), (33, 1000), (161, 159), (64, 64)])
@pytest.mark.parametrize(("side", "around"), [(112, 37), (128, 20), (4096, 37)])
def test_each_pixel_is_in_one_core_and_has_enough_around(size: tuple[int, int], side: int, around: int) -> None:
    seen = torch.zeros(size)
    for tile in cut(size, side, around):
        tile.core.of(seen).add_(1.0)
        outer, core = tile.outer, tile.core
        assert max(outer.bottom - outer.top, outer.right - outer.left) <= side
        assert outer.top % 16 == outer.left % 16 == core.top % 16 == core.left % 16 == 0
        assert outer.top in (0, *range(core.top - around + 1)) and outer.left in (0, *range(core.left - around + 1))
        assert outer.bottom == size[0] or outer.bottom >= core.bottom + around
        assert outer.right == size[1] or outer.right >= core.right + around
        assert 0 <= outer.top < core.bottom <= outer.bottom <= size[0]
    assert torch.equal(seen, torch.ones(size))


def test_what_fits_is_one_tile() -> None:
    (tile,) = cut((100, 112), 112, 37)
    assert tile.core == tile.outer == Box(0, 0, 100, 112)


def test_a_part_is_a_view() -> None:
    picture = torch.zeros(3, 10, 10)
    Box(2, 3, 5, 9).of(picture).fill_(1.0)
    assert float(picture.sum()) == 3 * 3 * 6 and float(picture[:, 2:5, 3:9].sum()) == 3 * 3 * 6


def test_tiles_without_a_core_are_refused() -> None:
    assert smallest_side(37) == 112
    with pytest.raises(ValueError, match="tiles of 111 px"):
        cut((200, 200), 111, 37)
