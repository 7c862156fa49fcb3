"""After damage, which pictures may be shown again. Does without torch."""

from __future__ import annotations

from collections.abc import Sequence

import av

from murai.core.media import Packet, StreamInfo
from murai.sources.access_units import AccessUnits
from murai.sources.recovery import RecoveryPoints

_PATIENCE_S = 2.0  # the screen may stand still for less than the supervisor's 4 s
_ASSUMED_FPS = 25.0


class DamageGate:
    """Lets whole pictures of one stream through, and holds up those that a damaged one may show in. Capture thread.

    FFmpeg marks a picture that it patched up, but not the pictures that refer to it. So after damage nothing passes
    before a keyframe or, in H.264, the end of a recovery point (ITU-T H.264, D.2.8). Where neither comes within 2 s
    of the stream, all but marked pictures pass until one does: a painting with traces of damage is better than none.
    Of codecs that have only keyframes nothing is held up.

    Pictures come in the order of showing: of a stream with B-frames, those that are shown before a marked picture
    and refer to it have passed by then.

    held: marked and held up pictures so far.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._patience = round(_PATIENCE_S * (info.fps or _ASSUMED_FPS))
        self._units = AccessUnits(info.codec, info.extradata)
        self._recovery = RecoveryPoints() if info.codec == "h264" else None
        self._started = False
        self._damaged_at: int | None = None
        self._recovered_at: int | None = None
        self._waited = 0
        self.held = 0

    def send(self, packet: Packet) -> None:
        """To be called with each packet before it is decoded."""
        if packet.lost_before:
            self._close(packet.order - 1)
        if self._recovery is None or self._damaged_at is None or self._recovered_at is not None:
            return
        if self._recovery.reached(self._units.annex_b(packet.data)):
            self._recovered_at = packet.order

    def refused(self, packet: Packet) -> None:
        """The decoder made nothing of `packet`. Before its first picture it may just not have seen a keyframe yet."""
        self._close(packet.order)

    def passed(self, pictures: Sequence[av.VideoFrame]) -> list[av.VideoFrame]:
        """Those of the decoder's pictures that may be shown."""
        whole = [picture for picture in pictures if self._passes(picture)]
        self.held += len(pictures) - len(whole)
        return whole

    def open(self) -> None:
        """What comes next refers to nothing before."""
        self._damaged_at, self._recovered_at, self._waited = None, None, 0

    def _passes(self, picture: av.VideoFrame) -> bool:
        self._started = True
        if self._damaged_at is not None and not picture.is_corrupt and self._is_whole(picture, self._damaged_at):
            self.open()
        if picture.is_corrupt:
            self._close(picture.pts)
        if self._damaged_at is None:
            return True
        self._waited += 1
        return self._waited > self._patience and not picture.is_corrupt

    def _is_whole(self, picture: av.VideoFrame, damaged_at: int) -> bool:
        """Whether `picture` and those shown after it refer to nothing before the damage's end."""
        if picture.pts is None:
            return picture.key_frame
        if self._recovered_at is not None and picture.pts >= self._recovered_at:
            return True
        return picture.key_frame and picture.pts > damaged_at

    def _close(self, order: int | None) -> None:
        """Something at `order` is damaged. Once patience has run out, it doesn't begin again before a keyframe."""
        if not self._started:
            return
        if self._recovery is not None:
            self._recovery.forget()
        self._recovered_at = None
        self._damaged_at = max(order or 0, self._damaged_at or 0)
