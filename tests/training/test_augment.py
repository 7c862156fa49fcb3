"""What booths do to pictures: how often, how much, and to which of the two."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.errors import TrainingError
from murai.training.augment import Augment
from tests.imaging.drawn import texture

NONE = {"brightness": 0.0, "gamma": 0.0, "low_light": 0.0, "jpeg": 0.0, "h264": 0.0}


def only(**chances: float) -> Augment:
    return Augment(**(NONE | chances))


def random(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(n: int = 4) -> Tensor:
    return texture(48, 64).expand(n, -1, -1, -1).contiguous()


def touched(before: Tensor, after: Tensor) -> int:
    return int((before != after).flatten(1).any(1).sum())


def test_without_chances_nothing_happens() -> None:
    seen, wanted = only()(pictures(), random())
    assert torch.equal(seen, pictures())
    assert torch.equal(wanted, pictures())


@pytest.mark.parametrize("kind", ["brightness", "gamma"])
def test_light_changes_what_is_seen_and_what_is_wanted_alike(kind: str) -> None:
    seen, wanted = only(**{kind: 1.0})(pictures(), random())
    assert touched(pictures(), wanted) == 4
    assert torch.equal(seen, wanted)
    assert float(seen.min()) >= 0.0 and float(seen.max()) <= 1.0


@pytest.mark.parametrize("kind", ["low_light", "jpeg", "h264"])
def test_damage_is_only_for_what_is_seen(kind: str) -> None:
    seen, wanted = only(**{kind: 1.0})(pictures(), random())
    assert torch.equal(wanted, pictures())
    assert touched(wanted, seen) == 4
    assert 0.002 < float((seen - wanted).square().mean().sqrt()) < 0.1
    assert float(seen.min()) >= 0.0 and float(seen.max()) <= 1.0


@pytest.mark.parametrize("kind", list(NONE))
def test_a_chance_is_how_many_pictures_it_happens_to(kind: str) -> None:
    seen, _ = only(**{kind: 0.3})(pictures(200), random())
    assert 40 <= touched(pictures(200), seen) <= 80


def test_brightness_and_gamma_by_hand() -> None:
    grey = torch.full((500, 3, 4, 4), 0.5)
    factor = only(brightness=1.0).light(grey, random())[:, 0, 0, 0] / 0.5
    assert 0.35 <= float(factor.min()) < 0.37 and 1.12 < float(factor.max()) <= 1.15
    power = only(gamma=1.0).light(grey, random())[:, 0, 0, 0].log() / grey[0, 0, 0, 0].log()
    assert 0.7 <= float(power.min()) < 0.72 and 1.55 < float(power.max()) <= 1.6


def test_low_light_noise_grows_with_the_light() -> None:
    dark, light = torch.full((200, 3, 16, 16), 0.2), torch.full((200, 3, 16, 16), 0.7)
    augment = only(low_light=1.0)
    less, more = ((augment.damage(x, random()) - x).std() for x in (dark, light))
    assert float(more) > 1.1 * float(less)


def test_the_same_generator_gives_the_same() -> None:
    augment = Augment(brightness=0.5, gamma=0.5, low_light=0.5, jpeg=0.5, h264=0.5)
    once, again, other = (augment(pictures(8), random(seed)).seen for seed in (1, 1, 2))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


@pytest.mark.parametrize("chance", [-0.1, 1.5])
def test_a_chance_that_is_none_is_told(chance: float) -> None:
    with pytest.raises(TrainingError, match=f"{chance} for jpeg.*0 to 1"):
        Augment(jpeg=chance)
