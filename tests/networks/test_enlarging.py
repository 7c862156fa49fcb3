"""Enlarging: convolving first gives what enlarging first gives."""

import pytest
import torch
from torch.nn import functional as F

from murai.networks.enlarging import enlarge_and_convolve


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("size", [(5, 7), (1, 1)])
def test_convolving_before_enlarging_is_the_same_to_the_edge_and_in_its_slopes(
    size: tuple[int, int], *, with_bias: bool
) -> None:
    random = torch.Generator().manual_seed(3)
    x = torch.randn((2, 6, *size), generator=random, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn((3, 6, 3, 3), generator=random, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, generator=random, dtype=torch.float64, requires_grad=True) if with_bias else None
    leaves = [x, kernel] if bias is None else [x, kernel, bias]

    found = enlarge_and_convolve(x, kernel, bias)
    wanted = F.conv2d(F.interpolate(x, scale_factor=2.0, mode="nearest"), kernel, bias, padding=1)

    torch.testing.assert_close(found, wanted)
    weight = torch.randn(wanted.shape, generator=random, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad((found * weight).sum(), leaves), torch.autograd.grad((wanted * weight).sum(), leaves)
    )
