from __future__ import annotations

import pytest

from murai.display.view import ViewState, place_picture, upright_size_px


def test_fill_cuts_what_sticks_out_evenly() -> None:
    placement = place_picture((200, 100), (100, 100), ViewState(fit="fill"))
    assert placement.target == (0.0, 0.0, 1.0, 1.0)
    assert placement.crop == pytest.approx((0.25, 0.0, 0.75, 1.0))
    assert not placement.leaves_bars


def test_fit_leaves_even_bars() -> None:
    placement = place_picture((200, 100), (100, 100), ViewState(fit="fit"))
    assert placement.target == pytest.approx((0.0, 0.25, 1.0, 0.75))
    assert placement.crop == (0.0, 0.0, 1.0, 1.0)
    assert placement.leaves_bars


def test_mirror_exchanges_left_and_right_of_the_crop_only() -> None:
    placement = place_picture((200, 100), (100, 100), ViewState(fit="fill", mirror=True))
    assert placement.crop == pytest.approx((0.75, 0.0, 0.25, 1.0))
    assert placement.target == (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("picture", "exact"), [((64, 48), True), ((128, 48), True), ((65, 48), False), ((32, 24), False)]
)
def test_only_whole_texels_on_whole_pixels_need_no_filter(picture: tuple[int, int], exact: bool) -> None:
    assert place_picture(picture, (64, 48), ViewState()).exact is exact


def test_a_screen_on_its_side_is_upright_the_other_way_round() -> None:
    assert [upright_size_px((1280, 720), turns) for turns in range(4)] == [(1280, 720), (720, 1280)] * 2


def test_no_texture_is_asked_for_that_would_not_be_seen() -> None:
    assert not ViewState().needs_camera
    assert ViewState(own_colours=0.1).needs_camera
    assert ViewState(split=0.5).needs_camera
    assert not ViewState(strength=0.0).needs_painting
    assert not ViewState(fade=0.5).needs_previous
