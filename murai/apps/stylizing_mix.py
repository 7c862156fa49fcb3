"""Which styles of a pack a film is painted in at each of its moments."""

from __future__ import annotations

from collections.abc import Sequence

from murai.apps import timeline
from murai.apps.styles import parse_mix, styles_of
from murai.apps.timeline import Key, Timeline
from murai.stylize.pack import Pack


def steady(pack: Pack, styles: Sequence[str], option: str = "--style") -> Timeline:
    """One mix all the time, of "NAME" or "NAME:SHARE" each; the pack's first style where there is none.

    Raises:
        StyleMissing, ConfigError: see `parse_mix`.
    """
    return Timeline((Key(0.0, tuple(parse_mix(pack, styles, option))),))


def parse_timeline(pack: Pack, text: str) -> Timeline:
    """Of the pack's styles: see `timeline.parse_timeline`.

    Raises:
        StyleMissing: the pack has no such style.
        ConfigError: a time or share is no number, or times go back.
    """
    return timeline.parse_timeline(text, styles_of(pack))
