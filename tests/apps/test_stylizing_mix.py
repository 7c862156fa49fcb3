"""Mixes over time, as they are written down and as they glide."""

from __future__ import annotations

import pytest

from murai.apps.stylizing_mix import parse_timeline, steady
from murai.apps.timeline import Key, Timeline
from murai.errors import ConfigError, StyleMissing
from murai.stylize.pack import Pack, read_pack
from tests.fakes.packs import write_tiny_pack

A, B, C = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return read_pack(write_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny"))


def test_shares_glide_from_key_to_key(pack: Pack) -> None:
    timeline = parse_timeline(pack, "2:style-1, 10:style-2:0.5+style-3:0.5")
    assert timeline.shares_at(0.0) == timeline.shares_at(2.0) == [1.0, 0.0, 0.0]
    assert timeline.shares_at(4.0) == pytest.approx([0.75, 0.125, 0.125])
    assert timeline.shares_at(10.0) == timeline.shares_at(99.0) == [0.0, 0.5, 0.5]


def test_two_keys_of_one_time_are_a_cut(pack: Pack) -> None:
    timeline = parse_timeline(pack, "0:style-1,5:style-1,5:style-2,9:style-2")
    assert timeline.shares_at(4.999) == [1.0, 0.0, 0.0]
    assert timeline.shares_at(5.0) == [0.0, 1.0, 0.0]


def test_one_mix_all_the_time(pack: Pack) -> None:
    assert steady(pack, ()).shares_at(3.0) == [1.0, 0.0, 0.0]
    assert steady(pack, ("style-2", "style-3:3")).shares_at(3.0) == [0.0, 0.25, 0.75]


@pytest.mark.parametrize(
    ("at_s", "begin_s"),
    [
        (5.0, 0.0),  # there is no more before
        (19.0, 9.0),  # shares have rested all the while
        (24.0, 10.0),  # within the glide: what led to it counts too
        (35.0, 10.0),  # the glide lies in the lead-in
        (45.0, 35.0),  # it is long over
    ],
)
def test_a_piece_is_led_in_by_all_that_its_statistics_remember(at_s: float, begin_s: float) -> None:
    timeline = Timeline((Key(0.0, A), Key(20.0, A), Key(30.0, B)))
    assert timeline.lead_in_from(at_s, 10.0) == begin_s


def test_glides_one_after_the_other_are_followed_from_the_first() -> None:
    timeline = Timeline((Key(20.0, A), Key(30.0, B), Key(40.0, C)))
    assert timeline.lead_in_from(45.0, 10.0) == 10.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("style-1", "'style-1' is no moment"),
        ("soon:style-1", "'soon:style-1' is no moment"),
        ("-1:style-1", "is no moment"),
        ("nan:style-1", "is no moment"),
        ("3:", "is no moment"),
        ("5:style-1,4:style-2", "4 s comes after 5 s"),
        ("0:style-1:much", "--mix style-1:much: 'much' is no share"),
    ],
)
def test_what_is_no_timeline_is_told(text: str, said: str, pack: Pack) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_timeline(pack, text)


def test_a_style_that_the_pack_lacks_is_told(pack: Pack) -> None:
    with pytest.raises(StyleMissing, match="no style 'monet'"):
        parse_timeline(pack, "0:monet")
