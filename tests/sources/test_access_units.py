"""Annex B, and the headers that a container keeps apart."""

from __future__ import annotations

import pytest

from murai.sources.access_units import AccessUnits, nal_units, sequence_headers
from tests.sources.clips import moving, units

START = b"\0\0\0\1"
SPS, PPS, IDR, SLICE = b"\x67one", b"\x68two", b"\x65key", b"\x41more"
AVCC = b"\1\x42\0\x1e\xff\xe1" + b"\0\4" + SPS + b"\1" + b"\0\4" + PPS


def packed(*nals: bytes) -> bytes:
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)


def test_lengths_become_start_codes_and_a_keyframe_gets_its_headers() -> None:
    converter = AccessUnits("h264", AVCC)
    assert converter.annex_b(packed(IDR)) == START + SPS + START + PPS + START + IDR
    assert converter.annex_b(packed(SLICE)) == START + SLICE


def test_headers_that_are_there_are_not_repeated() -> None:
    unit = packed(SPS, PPS, IDR)
    assert AccessUnits("h264", AVCC).annex_b(unit) == START + START.join([SPS, PPS, IDR])


def test_annex_b_with_headers_apart_gets_them_too() -> None:
    converter = AccessUnits("h264", START + SPS + START + PPS)
    assert converter.annex_b(START + IDR) == START + START.join([SPS, PPS, IDR])
    assert converter.annex_b(START + SLICE) == START + SLICE


@pytest.mark.parametrize("cut", [1, 3, 5, 9])
def test_a_damaged_end_is_left_out(cut: int) -> None:
    assert AccessUnits("h264", AVCC).annex_b(packed(SLICE, b"\x41" * 8)[:-cut]) == START + SLICE


@pytest.mark.parametrize("length", range(len(AVCC)))
def test_damaged_headers_are_no_end(length: int) -> None:
    AccessUnits("h264", AVCC[:length]).annex_b(packed(IDR))
    AccessUnits("hevc", (b"\1" + b"\xff" * 30)[:length]).annex_b(packed(b"\x26key"))


def test_other_codecs_pass() -> None:
    assert AccessUnits("vp9", b"\1headers").annex_b(b"any bytes") == b"any bytes"


def test_a_sequences_headers_are_found() -> None:
    (first, second) = units(moving(2))
    (header,) = sequence_headers("h264", first)
    assert header[0] & 0x1F == 7
    assert sequence_headers("h264", second) == ()
    assert sequence_headers("vp9", first) == ()
    assert all(not nal.startswith(b"\0") for nal in nal_units(first))
