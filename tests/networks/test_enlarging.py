"""Enlarging: convolving the small picture gives what a transposed convolution gives, and begins as the nearest does."""

import pytest
import torch
from torch.nn import functional as F

from murai.networks.enlarging import EnlargingConvolution, of_nearest


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("size", [(5, 7), (1, 1)])
def test_it_is_a_transposed_convolution_to_the_edge_and_in_its_slopes(
    size: tuple[int, int], *, with_bias: bool
) -> None:
    torch.manual_seed(3)
    enlarging = EnlargingConvolution(6, 3, bias=with_bias).double()
    torch.nn.init.normal_(enlarging.weight)
    x = torch.randn((2, 6, *size), dtype=torch.float64, requires_grad=True)
    leaves = [x, *enlarging.parameters()]

    found = enlarging(x)
    taps = [3, 1, 2, 0]  # torch has them by how far an enlarged pixel is from the small one
    kernel = enlarging.weight.transpose(0, 1)[:, :, taps][:, :, :, taps]
    wanted = F.conv_transpose2d(x, kernel, enlarging.bias, stride=2, padding=1)

    assert found.shape == (2, 3, 2 * size[0], 2 * size[1])
    torch.testing.assert_close(found, wanted)
    weight = torch.randn(wanted.shape, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad((found * weight).sum(), leaves), torch.autograd.grad((wanted * weight).sum(), leaves)
    )


def test_the_kernel_of_nearest_neighbour_enlargement() -> None:
    torch.manual_seed(4)
    plain = torch.randn((3, 6, 3, 3))
    x = torch.randn((2, 6, 5, 4))
    enlarging = EnlargingConvolution(6, 3, bias=False)
    with torch.no_grad():
        enlarging.weight.copy_(of_nearest(plain))
    wanted = F.conv2d(F.interpolate(x, scale_factor=2.0, mode="nearest"), plain, padding=1)
    torch.testing.assert_close(enlarging(x).detach(), wanted)


def test_a_new_one_paints_flat_places_flat() -> None:
    torch.manual_seed(5)
    with torch.no_grad():
        painted = EnlargingConvolution(6, 3, bias=True)(torch.rand(1, 6, 1, 1).expand(1, 6, 8, 8))
    inside = painted[0, :, 2:-2, 2:-2]
    torch.testing.assert_close(inside, inside[:, :1, :1].expand_as(inside))
    assert float(inside.abs().mean()) > 0.01
