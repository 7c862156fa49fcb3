"""The little that has to be known about H.264's bytes before they are decoded."""

from __future__ import annotations

_IDR, _SPS = 5, 7


def can_start_at(unit: bytes) -> bool:
    """Whether decoding may start with this access unit (Annex B): it has a keyframe or its headers."""
    at = unit.find(b"\0\0\1")
    while 0 <= at < len(unit) - 3:
        kind = unit[at + 3] & 0x1F
        if kind in (_IDR, _SPS):
            return True
        if 1 <= kind <= 4:  # the slices of a picture that refers to others: nothing better follows
            return False
        at = unit.find(b"\0\0\1", at + 3)
    return False
