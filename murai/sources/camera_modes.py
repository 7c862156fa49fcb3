"""Which of a camera's formats, sizes and rates is taken: by what it offers, never by its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from murai.errors import CameraUnsupported
from murai.sources.uri import CameraFormat, CameraWish

# In the order in which they are taken: the least USB traffic and copying first.
FOURCCS: dict[str, CameraFormat] = {"H264": "h264", "MJPG": "mjpeg", "JPEG": "mjpeg", "YUYV": "yuyv", "NV12": "nv12"}
AUTO_SIZE_PX = (1280, 720)
AUTO_FPS = 30.0


@dataclass(frozen=True, slots=True)
class CameraMode:
    """One thing that a camera offers. `fourcc` is V4L2's name; `fps` is 0 where the driver doesn't say."""

    fourcc: str
    width_px: int
    height_px: int
    fps: Fraction

    def __str__(self) -> str:
        rate = f" at {float(self.fps):g}" if self.fps else ""
        return f"{FOURCCS.get(self.fourcc, self.fourcc)} {self.width_px}x{self.height_px}{rate}"


def choose_mode(modes: Sequence[CameraMode], wish: CameraWish, title: str) -> CameraMode:
    """The mode that comes nearest to `wish`.

    What the wish names must be met; what it leaves open comes near to 1280x720 at 30. Where the
    size is open, a smooth rate comes before a large picture: raw video over USB 2 often offers
    1280x720 at five frames a second only.

    Raises:
        CameraUnsupported: the camera doesn't offer it; says what it does offer.
    """
    usable = [mode for mode in modes if mode.fourcc in FOURCCS]
    fitting = [mode for mode in usable if _meets(mode, wish)]
    if not fitting:
        raise CameraUnsupported(f"{title} doesn't offer {_wished(wish)}", f"it offers {offers(modes)}")
    best = min(rank(mode) for mode in fitting)
    return min((mode for mode in fitting if rank(mode) == best), key=lambda mode: _distance(mode, wish))


def rank(mode: CameraMode) -> int:
    """The place of the mode's format in the order of preference, 0 the best."""
    return list(FOURCCS).index(mode.fourcc)


def offers(modes: Sequence[CameraMode], at_most: int = 24) -> str:
    """What a camera offers, for people: each format and size once, with its rates."""
    rates: dict[tuple[str, int, int], list[str]] = {}
    for mode in modes:
        key = (FOURCCS.get(mode.fourcc, mode.fourcc), mode.width_px, mode.height_px)
        rates.setdefault(key, []).append(f"{float(mode.fps):g}")
    lines = [f"{name} {width}x{height} at {'/'.join(fps)}" for (name, width, height), fps in rates.items()]
    more = f", and {len(lines) - at_most} more" if len(lines) > at_most else ""
    return (", ".join(lines[:at_most]) or "nothing that Murai knows") + more


def _meets(mode: CameraMode, wish: CameraWish) -> bool:
    return (
        wish.format in ("auto", FOURCCS[mode.fourcc])
        and wish.size_px in (None, (mode.width_px, mode.height_px))
        and (wish.fps is None or not mode.fps or abs(float(mode.fps) - wish.fps) < 0.5)
    )


def _distance(mode: CameraMode, wish: CameraWish) -> tuple[bool, float, float]:
    fps = float(mode.fps) if mode.fps else AUTO_FPS
    wanted_fps = wish.fps or AUTO_FPS
    slow = wish.fps is None and wish.size_px is None and fps < 0.8 * wanted_fps
    width, height = AUTO_SIZE_PX
    size = abs(mode.width_px - width) / width + abs(mode.height_px - height) / height
    return slow, size, abs(fps - wanted_fps)


def _wished(wish: CameraWish) -> str:
    size = "{}x{}".format(*wish.size_px) if wish.size_px else ""
    rate = f"at {wish.fps:g} frames a second" if wish.fps else ""
    form = "" if wish.format == "auto" else wish.format
    return " ".join(part for part in (form, size, rate) if part) or "a format that Murai knows"
