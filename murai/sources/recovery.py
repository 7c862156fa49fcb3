"""Where an H.264 stream without keyframes is whole again after damage: ITU-T H.264, 7.3.2.3, D.1.8 and D.2.8."""

from __future__ import annotations

from collections.abc import Iterator

from murai.sources.access_units import nal_kind, nal_units

_SEI, _RECOVERY_POINT = 6, 6
_SLICES = (1, 2, 5)


class RecoveryPoints:
    """Follows a stream's recovery points, each of which says after how many reference pictures all is refreshed."""

    def __init__(self) -> None:
        self._left: int | None = None

    def forget(self) -> None:
        """There was damage: the refresh under way is in vain."""
        self._left = None

    def reached(self, unit: bytes) -> bool:
        """Takes the next access unit (Annex B), in order of decoding; whether its picture is whole from now on."""
        for nal in nal_units(unit):
            kind = nal_kind("h264", nal)
            if kind == _SEI and self._left is None:
                self._left = recovery_frames(nal)
            elif kind in _SLICES:
                if self._left:
                    self._left -= bool(nal[0] & 0x60)  # only reference pictures count
                    return False
                return self._left == 0
        return False


def recovery_frames(sei: bytes) -> int | None:
    """recovery_frame_cnt of the recovery point in an SEI unit, None where there is none."""
    for kind, payload in _messages(sei[1:].replace(b"\0\0\3", b"\0\0")):
        if kind == _RECOVERY_POINT and payload:
            return _exp_golomb(payload)
    return None


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each message's type and payload; a damaged end is left out."""
    at = 0
    while at < len(data) - 2:
        sizes = []
        for _ in range(2):
            size = 0
            while at < len(data) and data[at] == 0xFF:
                size, at = size + 0xFF, at + 1
            if at >= len(data):
                return
            sizes.append(size + data[at])
            at += 1
        kind, length = sizes
        yield kind, data[at : at + length]
        at += length


def _exp_golomb(data: bytes) -> int | None:
    """The unsigned number ue(v) that `data` begins with (9.1), None where it is cut off."""
    bits = "".join(f"{byte:08b}" for byte in data[:8])
    zeros = bits.find("1")
    number = bits[zeros : 2 * zeros + 1]
    return int(number, 2) - 1 if zeros >= 0 and len(number) == zeros + 1 else None
