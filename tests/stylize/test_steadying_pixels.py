"""Packed pictures: nothing spills from byte to byte, and nothing is read from beyond an edge."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.stylize.steadying_pixels import BLOCK_PX, Carrier, Mixer, pack, unpack


def picture(height: int, width: int, seed: int = 1) -> Tensor:
    """(3, H, W) uint8 of (H, W, 4) memory, with many bytes at both ends of their range."""
    random = torch.Generator().manual_seed(seed)
    pixels = (torch.randn((height, width, 4), generator=random) * 150.0 + 128.0).clamp(0.0, 255.0).to(torch.uint8)
    pixels[..., 3] = 255
    return pixels[..., :3].permute(2, 0, 1)


def test_packing_is_a_view_where_memory_is_so_already() -> None:
    given = picture(6, 9)
    packed = pack(given)
    assert packed.data_ptr() == given.data_ptr()
    assert torch.equal(unpack(packed), given)


@pytest.mark.parametrize("memory", ["planar", "three bytes", "part of a larger picture"])
def test_any_other_memory_is_packed_as_well(memory: str) -> None:
    given = picture(6, 9)
    if memory == "planar":
        given = given.contiguous()
    elif memory == "three bytes":
        given = given.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    else:
        given = picture(6, 12)[:, :, 2:11]
    assert torch.equal(unpack(pack(given)), given)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_each_byte_is_mixed_by_itself(share: float) -> None:
    below, above = picture(20, 30, 1), picture(20, 30, 2)
    before = above.clone()
    mixed = unpack(Mixer((20, 30)).mix(pack(below).clone(), pack(above), torch.full((20, 30), share)))
    wanted = below.float() * (1.0 - share) + above.float() * share
    assert float((mixed.float() - wanted).abs().max()) <= 0.5
    assert torch.equal(above, before)


def test_a_mix_is_opaque() -> None:
    mixed = Mixer((20, 30)).mix(pack(picture(20, 30)).clone(), pack(picture(20, 30, 2)), torch.full((20, 30), 0.3))
    assert bool((mixed[..., None].view(torch.uint8)[..., 3] == 255).all())


def test_whole_pixels_are_moved_as_they_are() -> None:
    given = picture(40, 64)
    carrier = Carrier((40, 64))
    flow = torch.tensor([5.0, -3.0]).view(2, 1, 1).expand(2, 10, 16)
    moved = unpack(carrier.carry(pack(given), carrier.halves(flow)))
    assert torch.equal(moved[:, 4:, :56], given[:, 1:37, 5:61])


@pytest.mark.parametrize(("across", "down"), [(0.5, 0.0), (0.0, -1.5), (2.5, 0.5)])
def test_half_pixels_are_means_of_neighbours(across: float, down: float) -> None:
    given = picture(40, 64)
    carrier = Carrier((40, 64))
    flow = torch.tensor([across, down]).view(2, 1, 1).expand(2, 10, 16)
    moved = unpack(carrier.carry(pack(given), carrier.halves(flow))).float()[:, 4:32, 4:56]
    x, y = int(2 * across) // 2 + 4, int(2 * down) // 2 + 4
    corners = [(i, j) for j in ((0, 1) if down % 1 else (0,)) for i in ((0, 1) if across % 1 else (0,))]
    parts = [given[:, y + j : y + j + 28, x + i : x + i + 52].float() for i, j in corners]
    assert float((moved - sum(parts) / len(parts)).abs().max()) <= 1.0


@pytest.mark.parametrize("size", [(40, 64), (41, 66), (3, 2)])
def test_a_flow_that_leaves_the_picture_ends_at_its_edge(size: tuple[int, int]) -> None:
    given = torch.full((size[0], size[1], 4), 255, dtype=torch.uint8)[..., :3].permute(2, 0, 1)
    carrier = Carrier(size)
    blocks = (-(-size[0] // BLOCK_PX), -(-size[1] // BLOCK_PX))
    for seed in range(5):
        flow = torch.randn((2, *blocks), generator=torch.Generator().manual_seed(seed)) * 300.0
        # White comes from inside; the memory behind the half-way pictures' ends is 0.
        assert int(unpack(carrier.carry(pack(given), carrier.halves(flow))).min()) == 255
