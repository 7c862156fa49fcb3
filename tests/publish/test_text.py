import re

import pytest

from murai.config import TwitterConfig
from murai.errors import ConfigError
from murai.publish.text import POST_WEIGHT, Credit, PostTexts, new_code, weight

WAVE = Credit("The Great Wave off Kanagawa", "Katsushika Hokusai", "1831")


def test_a_post_names_the_style_and_ends_with_its_code() -> None:
    texts = PostTexts(TwitterConfig(text="{title}, {artist}, {year} {hashtags} {code}", hashtags=("murai", "#Fest24")))
    assert texts.text(WAVE, "BQ7K2M") == "The Great Wave off Kanagawa, Katsushika Hokusai, 1831 #murai #Fest24 BQ7K2M"


def test_the_default_templates_are_fine() -> None:
    texts = PostTexts(TwitterConfig())
    assert texts.text(WAVE, "BQ7K2M").endswith("#murai #BQ7K2M")
    assert "Hokusai" in texts.alt_text(WAVE, "BQ7K2M")


def test_braces_in_a_title_are_only_letters() -> None:
    assert "{code}" in PostTexts(TwitterConfig()).text(Credit("{code} {nothing}"), "BQ7K2M")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{title} {code} {place}", "{place}"),
        ("{title} {code", "brace"),
        ("{title} {code} {}", "{}"),
        ("{title.upper} {code}", "{title.upper}"),
        ("{title!r} {code}", "{title}"),
        ("{title:>400} {code}", "{title}"),
        ("{title} by {artist}", "{code}"),
        ("x" * 280 + "{code}", "too long"),
    ],
)
def test_a_wrong_template_is_told_at_the_start(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        PostTexts(TwitterConfig(text=text))


@pytest.mark.parametrize("tag", ["two words", "", "2024", "a-b"])
def test_a_wrong_hashtag_is_told_at_the_start(tag: str) -> None:
    with pytest.raises(ConfigError, match="hashtag"):
        PostTexts(TwitterConfig(hashtags=(tag,)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", 5),
        ("Édouard", 7),
        ("E\u0301douard", 7),  # an accent of its own counts as Twitter counts it: after composing
        ("睡蓮", 4),
        ("😀", 2),
        ("…", 2),
        ("\u2014", 1),
        ("https://example.org/a/very/long/address/that/goes/on/and/on", 23),
        ("at a.de now", 7 + 23),
        ("J.M.W. Turner", 13),
    ],
)
def test_length_is_counted_as_twitter_does(text: str, expected: int) -> None:
    assert weight(text) == expected


@pytest.mark.parametrize("letter", ["x", "睡", "😀", "é"])
def test_a_long_title_is_cut_and_the_code_never(letter: str) -> None:
    text = PostTexts(TwitterConfig()).text(Credit(letter * 400, "Somebody"), "BQ7K2M")
    assert POST_WEIGHT - 2 <= weight(text) <= POST_WEIGHT
    assert text.endswith("… by Somebody. #murai #BQ7K2M")


def test_a_long_artist_is_cut_after_the_title_is_gone() -> None:
    text = PostTexts(TwitterConfig()).text(Credit("x" * 300, "y" * 300), "BQ7K2M")
    assert weight(text) <= POST_WEIGHT
    assert "yyy…" in text
    assert text.endswith("#BQ7K2M")


def test_a_long_description_is_cut() -> None:
    assert len(PostTexts(TwitterConfig()).alt_text(Credit("x" * 2000), "BQ7K2M")) == 1000


def test_codes_differ_and_can_be_read_aloud() -> None:
    codes = {new_code() for _ in range(2000)}
    assert len(codes) >= 1999
    assert all(re.fullmatch("[BCDFGHJKMNPQRSTVWXZ][BCDFGHJKMNPQRSTVWXZ2-9]{5}", code) for code in codes)
