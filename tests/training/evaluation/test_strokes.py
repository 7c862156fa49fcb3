"""Strokes of a known size stand out in their octave."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.training.evaluation.strokes import OCTAVES, octaves, stroke_distance


def waves(period_px: int, side_px: int = 256) -> Tensor:
    """(3, S, S) uint8: stripes with soft edges."""
    line = torch.sin(torch.arange(side_px) * 2.0 * torch.pi / period_px)
    return (127.5 + 100.0 * line).to(torch.uint8).expand(3, side_px, -1).contiguous()


def test_nothing_is_in_a_plain_picture() -> None:
    assert max(octaves(torch.full((3, 64, 96), 130, dtype=torch.uint8))) < 1e-4


@pytest.mark.parametrize(("period_px", "band"), [(4, 0), (10, 1), (20, 2), (40, 3), (80, 4)])
def test_waves_are_found_in_their_octave(period_px: int, band: int) -> None:
    found = octaves(waves(period_px))
    assert len(found) == OCTAVES
    assert found.index(max(found)) == band


def test_distance_is_none_to_itself_and_one_octave_to_twice_as_much() -> None:
    found = octaves(waves(8))
    assert stroke_distance(found, found) == 0.0
    assert stroke_distance([2.0 * value for value in found], found) == pytest.approx(1.0)
