"""Means over neighbours."""

from __future__ import annotations

import torch

from murai.imaging.means import mean_around


def test_each_place_is_the_mean_of_nine_and_an_edge_goes_on_beyond_itself() -> None:
    values = torch.rand((2, 3, 6, 7), generator=torch.Generator().manual_seed(1))
    found = mean_around(values)
    assert found.shape == values.shape
    torch.testing.assert_close(found[:, :, 2, 3], values[:, :, 1:4, 2:5].mean((2, 3)))
    row = (values[:, :, 0] * 2.0 + values[:, :, 1]) / 3.0  # the first row counts twice
    torch.testing.assert_close(found[:, :, 0, 0], (row[:, :, 0] * 2.0 + row[:, :, 1]) / 3.0)
