"""The words that styles of a painting are named by."""

from __future__ import annotations

from pathlib import Path

import pytest

from murai.apps.painting_options import StyleOptions, parse_styles, with_details
from murai.errors import ConfigError


def test_styles_have_names_and_weights() -> None:
    assert parse_styles(["a/Great Wave.jpg", "b.png:0.3", "mine=c/b.png:2"]) == (
        StyleOptions(name="great_wave", image=Path("a/Great Wave.jpg")),
        StyleOptions(name="b", image=Path("b.png"), weight=0.3),
        StyleOptions(name="mine", image=Path("c/b.png"), weight=2.0),
    )


def test_sizes_and_masks_are_for_one_style_or_for_all() -> None:
    assert with_details(parse_styles(["a.png", "b.png"]), ["300", "b=200"], ["a=am.png"], ["b=bw.png"]) == (
        StyleOptions(name="a", image=Path("a.png"), px=300, mask=Path("am.png")),
        StyleOptions(name="b", image=Path("b.png"), px=200, where=Path("bw.png")),
    )


def test_files_with_colons_and_equals_signs_in_their_names_are_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("at 12:30", "a=b.png", "c:d.png"):
        (tmp_path / name).touch()
    for word, weight in (("at 12:30", 1.0), ("a=b.png", 1.0), ("c:d.png:0.5", 0.5)):
        (found,) = parse_styles([str(tmp_path / word)])
        assert found.weight == weight and found.image.is_file()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"images": ["a.png:much"]}, "--style a.png:much: the weight 'much' is no number"),
        ({"images": ["a.png:-1"]}, "the weight '-1' is no number from 0 on"),
        ({"images": ["a.png:nan"]}, "the weight 'nan' is no number"),
        ({"images": ["a.png:inf"]}, "the weight 'inf' is no number"),
        ({"images": ["a.png", "x/A.jpg"]}, "two of the styles have the name 'a'"),
        ({"images": ["a.png"], "sizes": ["b=300"]}, "--style-px b=300: there is no style 'b': known are a"),
        ({"images": ["a.png"], "sizes": ["big"]}, "--style-px big is no size"),
        ({"images": ["a.png"], "sizes": ["8"]}, "--style-px 8 is no size"),
        ({"images": ["a.png"], "places": ["b=m.png"]}, "--mask b=m.png: there is no style 'b'"),
    ],
)
def test_words_of_no_use_are_named(given: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        with_details(parse_styles(given.pop("images")), **given)
