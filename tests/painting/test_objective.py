"""The loss of a painting: what it is made of, and what happens where memory runs out."""

from __future__ import annotations

import logging
from collections.abc import Collection

import pytest
import torch
from torch import Tensor

from murai.errors import PaintingError
from murai.imaging.measures import total_variation
from murai.networks.likeness import content_targets, losses_by_picture, style_targets
from murai.networks.perceptual import Layers, PerceptualNetwork
from murai.painting.objective import Objective, PaintingWeights
from murai.painting.styles import Style, regions_of
from murai.painting.tallies import smallest_tile
from tests.painting.drawn import eyes, noise, stripes


class ForgetfulEyes:
    """Sees like others, and runs out of memory wherever a picture is larger than so many px."""

    def __init__(self, network: PerceptualNetwork, most_px: int, fault: type[Exception]) -> None:
        self._network = network
        self._most_px = most_px
        self._fault = fault
        self.name = network.name

    @property
    def layers(self) -> Layers:
        return self._network.layers

    def features(self, pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
        if pictures.shape[2] * pictures.shape[3] > self._most_px:
            raise self._fault("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return self._network.features(pictures, wanted)


def objective(network: PerceptualNetwork, tile_px: int = 4096, **more: object) -> Objective:
    regions = regions_of(eyes(), [Style(stripes(60, 60, 8, seed=3))], (90, 120), 1.0, 4096)
    return Objective(network, noise(90, 120), regions, PaintingWeights(2.0, 3.0, 0.5), tile_px, **more)  # type: ignore[arg-type]


def test_the_total_is_the_weighted_sum_and_the_slope_is_its() -> None:
    network, picture = eyes(), noise(90, 120, seed=2).requires_grad_()
    wanted = style_targets(network, stripes(60, 60, 8, seed=3))
    content, style = losses_by_picture(network, picture[None], content_targets(network, noise(90, 120)[None]), wanted)
    variation, extra = total_variation(picture[None]), picture.square().mean()
    total = 2.0 * content[0] + 3.0 * style[0] + 0.5 * variation + extra
    found = objective(network, 96, extras={"dark": lambda each: each.square().mean()}).evaluate(picture.detach())
    parts = {"content": content[0], "style": style[0], "variation": variation, "dark": extra, "total": total}
    assert found.losses == pytest.approx({name: float(part.detach()) for name, part in parts.items()})
    torch.testing.assert_close(found.slope, torch.autograd.grad(total, picture)[0], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("fault", [torch.OutOfMemoryError, RuntimeError, MemoryError])
def test_where_memory_runs_out_tiles_get_smaller_and_the_result_stays(
    fault: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    picture = noise(90, 120, seed=2)
    expected = objective(eyes()).evaluate(picture)
    with caplog.at_level(logging.WARNING):
        small = objective(ForgetfulEyes(eyes(), 70 * 70, fault))
        found = small.evaluate(picture)
    assert caplog.messages == ["memory is full: going on with tiles of 64 px"]
    assert small.tile_px == 64
    assert found.losses == pytest.approx(expected.losses)
    torch.testing.assert_close(found.slope, expected.slope, rtol=1e-6, atol=1e-10)


def test_memory_that_runs_out_later_is_seen_to_as_well() -> None:
    network = ForgetfulEyes(eyes(), 10**6, RuntimeError)
    late = objective(network)
    expected = late.evaluate(noise(90, 120, seed=2))
    network._most_px = 70 * 70
    assert late.evaluate(noise(90, 120, seed=2)).losses == pytest.approx(expected.losses)
    assert late.tile_px == 64


def test_memory_that_is_full_whatever_is_tried_is_told() -> None:
    with pytest.raises(PaintingError, match=f"memory is full even with tiles of {smallest_tile(eyes())} px: paint at"):
        objective(ForgetfulEyes(eyes(), 10, RuntimeError))


def test_other_faults_are_not_taken_for_full_memory() -> None:
    class Broken(ForgetfulEyes):
        def features(self, pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
            raise RuntimeError("shapes don't fit")

    with pytest.raises(RuntimeError, match="shapes don't fit"):
        objective(Broken(eyes(), 10, RuntimeError))
