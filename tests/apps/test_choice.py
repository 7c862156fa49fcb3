from __future__ import annotations

import pytest

from murai.apps.choice import StyleChoice
from murai.config import KioskConfig


def choice(styles: int = 3, first: int = 0) -> StyleChoice:
    return StyleChoice(styles, first, KioskConfig(fade_s=1.0, change_every_s=10.0))


def test_the_first_style_is_on_at_once() -> None:
    assert choice(first=2).mix.shares_at(0.0) == [0.0, 0.0, 1.0]


def test_choosing_glides_and_goes_round() -> None:
    chosen = choice()
    chosen.choose(-1, 100.0)
    assert chosen.current == 2
    assert chosen.mix.shares_at(100.5) == pytest.approx([0.5, 0.0, 0.5])
    assert chosen.mix.shares_at(101.0) == pytest.approx([0.0, 0.0, 1.0])
    chosen.choose(3, 102.0)
    assert chosen.current == 0


def test_blend_with_the_next_and_back() -> None:
    chosen = choice(first=2)
    chosen.toggle_blend(0.0)
    assert chosen.mix.shares_at(5.0) == pytest.approx([0.5, 0.0, 0.5])
    chosen.toggle_blend(6.0)
    assert chosen.mix.shares_at(10.0) == pytest.approx([0.0, 0.0, 1.0])


def test_a_single_style_blends_with_nothing() -> None:
    only = choice(styles=1)
    only.toggle_blend(0.0)
    assert only.mix.shares_at(5.0) == pytest.approx([1.0])


def test_styles_change_by_themselves_and_wait_after_a_choice() -> None:
    chosen = choice()
    assert not chosen.tick(1000.0)
    chosen.set_auto(True, 0.0)
    assert not chosen.tick(9.9)
    assert chosen.tick(10.0)
    assert chosen.current == 1
    chosen.choose(0, 15.0)
    assert not chosen.tick(20.1)
    assert chosen.tick(25.0)
    chosen.set_auto(False, 26.0)
    assert not chosen.tick(1000.0)
