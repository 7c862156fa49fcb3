"""Mixes of styles over time, in the notation that every command has for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from murai.errors import ConfigError


@dataclass(frozen=True)
class Key:
    """At `at_s` seconds of the film its styles have these shares, which sum to 1."""

    at_s: float
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Timeline:
    """Mixes of styles over time, gliding evenly from each key to the next.

    keys: at least one, in the order of their times; two of the same time make a cut.
    """

    keys: tuple[Key, ...]

    def shares_at(self, at_s: float) -> list[float]:
        """One share a style, summing to 1. Before the first key and after the last one they rest."""
        past = [key for key in self.keys if key.at_s <= at_s]
        coming = [key for key in self.keys if key.at_s > at_s]
        if not past or not coming:
            return list((past or coming)[-1 if past else 0].shares)
        before, after = past[-1], coming[0]
        if before.shares == after.shares:
            return list(before.shares)
        part = (at_s - before.at_s) / (after.at_s - before.at_s)
        return [a + (b - a) * part for a, b in zip(before.shares, after.shares, strict=True)]

    def lead_in_from(self, at_s: float, lead_in_s: float) -> float:
        """From when on the film has to be followed, so that its statistics at `at_s` are as if it always had been.

        They forget what was longer ago than the lead-in, but only while shares rest: a glide counts as well as
        what led to it.
        """
        begin_s = at_s - lead_in_s
        for before, after in reversed(list(pairwise(self.keys))):
            glides = before.shares != after.shares
            if glides and after.at_s >= begin_s and before.at_s < at_s:
                begin_s = min(begin_s, before.at_s - lead_in_s)
        return max(begin_s, 0.0)


@dataclass(frozen=True)
class StyleNames:
    """The styles that there are. index_of: a name's number, from 0; it raises a MuraiError where there is none."""

    names: Sequence[str]
    index_of: Callable[[str], int]

    def shares(self, mix: Sequence[str], option: str) -> tuple[float, ...]:
        """One share a style, summing to 1, of "NAME" or "NAME:SHARE" each.

        option: what people gave it by, for the message.

        Raises:
            ConfigError: a share is no number above 0.
            MuraiError: what `index_of` raises.
        """
        shares = [0.0] * len(self.names)
        for entry in mix:
            name, _, share = entry.partition(":")
            shares[self.index_of(name)] += _parse_share(f"{option} {entry}", share)
        return tuple(share / sum(shares) for share in shares)


def parse_timeline(text: str, styles: StyleNames) -> Timeline:
    """Of "SECONDS:NAME[:SHARE][+NAME[:SHARE]…],…".

    Raises:
        ConfigError: a time or share is no number, or times go back.
        MuraiError: there is no such style.
    """
    keys = [_parse_key(entry.strip(), styles) for entry in text.split(",")]
    for before, after in pairwise(keys):
        if after.at_s < before.at_s:
            raise ConfigError(f"--mix {text}: {after.at_s:g} s comes after {before.at_s:g} s", "put times in order")
    return Timeline(tuple(keys))


def _parse_key(entry: str, styles: StyleNames) -> Key:
    time, _, mix = entry.partition(":")
    try:
        at_s = float(time)
    except ValueError:
        at_s = math.nan
    if not 0.0 <= at_s < math.inf or not mix:
        raise ConfigError(
            f"--mix: '{entry}' is no moment with its styles",
            f"write it as 10:{styles.names[0]}, in seconds, with + between styles",
        )
    return Key(at_s, styles.shares(mix.split("+"), "--mix"))


def _parse_share(given: str, share: str) -> float:
    try:
        parsed = float(share or 1.0)
    except ValueError:
        parsed = math.nan
    if not 0.0 < parsed < math.inf:
        raise ConfigError(f"{given}: '{share}' is no share", "give a number above 0, such as wave:0.5")
    return parsed
