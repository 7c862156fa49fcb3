"""Damage by real encoders: more of it when asked for, and every picture in its place."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.training.compression import through_h264, through_jpeg
from tests.imaging.drawn import texture


def pictures(height: int = 48, width: int = 64) -> Tensor:
    """Three different greys: a texture, the same upside down, and one that is darker."""
    grey = texture(height, width).mean(1, keepdim=True).expand(1, 3, height, width)
    return torch.cat([grey, grey.flip(2), grey * 0.4])


def damage(through: Tensor, clean: Tensor) -> list[float]:
    return [float(error) for error in (through - clean).square().mean((1, 2, 3)).sqrt()]


@pytest.mark.parametrize("size", [(48, 64), (33, 47)])
def test_each_picture_comes_back_in_its_place_a_little_damaged(size: tuple[int, int]) -> None:
    clean = pictures(*size)
    for through in (through_jpeg(clean, 90), through_h264(clean, 16)):
        assert through.shape == clean.shape and through.dtype == torch.float32
        assert all(0.0 < error < 0.02 for error in damage(through, clean))
        assert float(through.min()) >= 0.0 and float(through.max()) <= 1.0


def test_lower_quality_and_higher_qp_damage_more() -> None:
    clean = pictures()
    for fine, coarse in (
        (through_jpeg(clean, 70), through_jpeg(clean, 15)),
        (through_h264(clean, 26), through_h264(clean, 42)),
    ):
        assert all(more > 1.5 * less for less, more in zip(damage(fine, clean), damage(coarse, clean), strict=True))


def test_the_number_type_stays() -> None:
    assert through_jpeg(pictures().bfloat16(), 50).dtype == torch.bfloat16
    assert through_h264(pictures().bfloat16(), 30).dtype == torch.bfloat16
