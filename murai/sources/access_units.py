"""Access units in the form that NVIDIA's parser takes: Annex B, with the sequence's headers before each keyframe.

FFmpeg's own filter for this needs a stream of an open container; here there are a codec's name and its headers.
"""

from __future__ import annotations

from collections.abc import Iterator

_START = b"\0\0\0\1"
# By codec: the kinds of NAL units that hold a sequence's headers, and those that may be decoded by themselves.
_HEADERS = {"h264": (7,), "hevc": (32, 33)}
_KEYFRAMES = {"h264": (5,), "hevc": tuple(range(16, 24))}


class AccessUnits:
    """Turns a source's packets into Annex B. Codecs without NAL units pass as they are.

    codec: "h264", "hevc" or another.
    extradata: the codec's headers, where the container keeps them apart: avcC, hvcC, Annex B or nothing.
    """

    def __init__(self, codec: str, extradata: bytes) -> None:
        self._codec = codec
        length_at = 4 if codec == "h264" else 21
        packed = codec in _HEADERS and extradata[:1] == b"\1" and len(extradata) > length_at
        self._length_bytes = (extradata[length_at] & 3) + 1 if packed else 0
        if packed:
            self._headers = b"".join(_START + unit for unit in _packed_headers(codec, extradata))
        else:
            self._headers = extradata if codec in _HEADERS else b""

    def annex_b(self, unit: bytes) -> bytes:
        """One access unit; a keyframe without headers of its own gets those of the container."""
        if self._codec not in _HEADERS:
            return unit
        if self._length_bytes:
            unit = b"".join(_START + nal for nal in _packed_units(unit, self._length_bytes))
        kinds = {nal_kind(self._codec, nal) for nal in nal_units(unit)}
        if kinds.isdisjoint(_KEYFRAMES[self._codec]) or not kinds.isdisjoint(_HEADERS[self._codec]):
            return unit
        return self._headers + unit


def sequence_headers(codec: str, unit: bytes) -> tuple[bytes, ...]:
    """The headers of a sequence in an access unit in Annex B, in their order; empty for other codecs."""
    wanted = _HEADERS.get(codec, ())
    return tuple(nal for nal in nal_units(unit) if nal_kind(codec, nal) in wanted) if wanted else ()


def nal_units(unit: bytes) -> Iterator[bytes]:
    """The NAL units of an access unit in Annex B, without start codes and without zeros after them."""
    at = unit.find(b"\0\0\1")
    while at >= 0:
        end = unit.find(b"\0\0\1", at + 3)
        nal = unit[at + 3 : end if end >= 0 else len(unit)].rstrip(b"\0")
        if nal:
            yield nal
        at = end


def nal_kind(codec: str, nal: bytes) -> int:
    """The type of a NAL unit (ITU-T H.264 table 7-1, H.265 table 7-1)."""
    return nal[0] & 0x1F if codec == "h264" else nal[0] >> 1 & 0x3F


def _packed_units(unit: bytes, length_bytes: int) -> Iterator[bytes]:
    """The NAL units of an access unit that has lengths before them; a damaged end is left out."""
    at = 0
    while at + length_bytes <= len(unit):
        start = at + length_bytes
        at = start + int.from_bytes(unit[at:start], "big")
        if start < at <= len(unit):
            yield unit[start:at]


def _packed_headers(codec: str, extradata: bytes) -> Iterator[bytes]:
    """The parameter sets in avcC (ISO/IEC 14496-15, 5.3.3.1) or hvcC (8.3.3.1)."""
    if codec == "h264":
        at, groups = 5, 2  # sequences' parameter sets, then pictures'
    else:
        at, groups = 23, extradata[22] if len(extradata) > 22 else 0
    for group in range(groups):
        if at >= len(extradata):
            return
        if codec == "h264":
            count, at = extradata[at] & (0x1F if group == 0 else 0xFF), at + 1
        else:
            count, at = int.from_bytes(extradata[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            start = at + 2
            at = start + int.from_bytes(extradata[at:start], "big")
            if start < at <= len(extradata):
                yield extradata[start:at]
