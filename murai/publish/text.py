"""What is written beside a posted picture, and the code that makes each post's text unique."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from string import Formatter

from murai.config import TwitterConfig
from murai.errors import ConfigError

POST_WEIGHT = 280
ALT_TEXT_LENGTH = 1000
URL_WEIGHT = 23
PLACEHOLDERS = ("title", "artist", "year", "code", "hashtags")

# No vowels, so that no word appears by chance; no digit or letter that looks like another one.
_LETTERS = "BCDFGHJKMNPQRSTVWXZ"
_DIGITS = "23456789"
_CODE_LENGTH = 6

# Code points that count once in a post; every other one counts twice (twitter-text, configuration 3).
_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_ADDRESS = re.compile(r"https?://\S+")
_BARE_ADDRESS = re.compile(r"(?<![\w.@-])(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credit:
    """Whose style a picture is painted in. Any of these may be empty."""

    title: str
    artist: str = ""
    year: str = ""


def new_code() -> str:
    """Six letters and digits that can't be misread, a letter first: a hashtag needs one. 270 million of them."""
    rest = (secrets.choice(_LETTERS + _DIGITS) for _ in range(_CODE_LENGTH - 1))
    return secrets.choice(_LETTERS) + "".join(rest)


def weight(text: str) -> int:
    """Length of a post as Twitter counts it, 280 at most: addresses 23, CJK and emoji 2 a code point.

    Never below Twitter's own figure; above it for emoji of several code points, and for a word with
    a dot in it that only looks like an address.
    """
    text = unicodedata.normalize("NFC", text)
    total = URL_WEIGHT * len(_ADDRESS.findall(text))
    text = _ADDRESS.sub("", text)
    for match in _BARE_ADDRESS.finditer(text):
        total += max(URL_WEIGHT - _code_point_weight(match.group()), 0)
    return total + _code_point_weight(text)


class PostTexts:
    """Fills the templates of `[twitter]`.

    Raises:
        ConfigError: a template has an unknown placeholder or a stray brace, lacks {code}, or is too long.
    """

    def __init__(self, config: TwitterConfig) -> None:
        self._text = _checked("twitter.text", config.text)
        self._alt_text = _checked("twitter.alt_text", config.alt_text)
        self._hashtags = " ".join(_hashtag(tag) for tag in config.hashtags)
        if "code" not in _names(config.text):
            raise ConfigError(
                f"twitter.text = {config.text!r} has no {{code}}",
                "add {code}: Twitter refuses a text that it has seen before",
            )
        spare = POST_WEIGHT - weight(self._fill(self._text, Credit(""), new_code()))
        if spare < 0:
            raise ConfigError(
                f"twitter.text and twitter.hashtags are {-spare} characters too long", f"a post has {POST_WEIGHT}"
            )

    def text(self, credit: Credit, code: str) -> str:
        """The post, at most 280 by Twitter's count: the title, then the artist, is cut short where it must be."""
        for shorter in _shorter_and_shorter(credit):
            text = self._fill(self._text, shorter, code)
            if weight(text) <= POST_WEIGHT:
                return text
        return self._fill(self._text, Credit(""), code)

    def alt_text(self, credit: Credit, code: str) -> str:
        """What a screen reader says of the picture, at most 1,000 characters; empty where none is wanted."""
        filled = self._fill(self._alt_text, credit, code)
        return filled if len(filled) <= ALT_TEXT_LENGTH else filled[: ALT_TEXT_LENGTH - 1] + "…"

    def _fill(self, template: str, credit: Credit, code: str) -> str:
        filled = template.format(
            title=credit.title, artist=credit.artist, year=credit.year, code=code, hashtags=self._hashtags
        )
        return re.sub(" {2,}", " ", filled).strip()


def _shorter_and_shorter(credit: Credit) -> Iterator[Credit]:
    yield credit
    for length in range(len(credit.title) - 1, 0, -1):
        yield replace(credit, title=credit.title[:length].rstrip() + "…")
    for length in range(len(credit.artist) - 1, 0, -1):
        yield replace(credit, title="", artist=credit.artist[:length].rstrip() + "…")


def _code_point_weight(text: str) -> int:
    return sum(1 if any(first <= ord(letter) <= last for first, last in _LIGHT) else 2 for letter in text)


def _names(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def _checked(entry: str, template: str) -> str:
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    try:
        parts = list(Formatter().parse(template))
    except ValueError as fault:
        raise ConfigError(
            f"{entry} = {template!r} has a stray brace", f"known placeholders: {known}; write {{{{ for a brace"
        ) from fault
    for _, name, form, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            raise ConfigError(f"{entry} = {template!r} has an unknown placeholder {{{name}}}", f"known: {known}")
    return template


def _hashtag(tag: str) -> str:
    word = tag.removeprefix("#")
    if not re.fullmatch(r"\w+", word) or word.isdecimal():
        raise ConfigError(f"twitter.hashtags: {tag!r} is no hashtag", "letters, digits and _ only, with a letter in it")
    return f"#{word}"
