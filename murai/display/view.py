"""How the picture lies on the screen, and what is done to its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from murai.core.frame import Painted


@dataclass(frozen=True, slots=True)
class ViewState:
    """Everything that the picture's shader is told. Shares and amounts lie in [0, 1].

    fit: "fill" cuts what sticks out, "fit" leaves black bars.
    mirror: left and right exchanged, as in a mirror; the text is not.
    quarter_turns: clockwise, picture and text, for a screen that stands on its side.
    strength: 0 is the camera's picture, 1 the painting.
    own_colours: 1 takes the chroma from the camera and only the luma from the painting.
    split: share of the screen's width, from the left, that shows the camera; None for no split.
    previous: the painting that the current one takes over from, and `fade` how far it has come.
    dim: 1 is black; for a camera that is lost.
    flash: 1 is white; for the moment of a picture.
    """

    fit: Literal["fill", "fit"] = "fill"
    mirror: bool = False
    quarter_turns: int = 0
    strength: float = 1.0
    own_colours: float = 0.0
    split: float | None = None
    previous: Painted | None = None
    fade: float = 1.0
    dim: float = 0.0
    flash: float = 0.0

    @property
    def needs_camera(self) -> bool:
        return self.strength < 1.0 or self.own_colours > 0.0 or self.split is not None

    @property
    def needs_painting(self) -> bool:
        return self.strength > 0.0 or (self.split is not None and self.split < 1.0)

    @property
    def needs_previous(self) -> bool:
        return self.previous is not None and self.fade < 1.0 and self.needs_painting


@dataclass(frozen=True, slots=True)
class Placement:
    """Which part of the picture covers which part of the screen, as the person in front sees both.

    target: left, top, right, bottom on the screen, in shares of its width and height.
    crop: the same of the picture; left and right are exchanged where it is mirrored.
    exact: one texel is one pixel, so that no filter is needed.
    """

    target: tuple[float, float, float, float]
    crop: tuple[float, float, float, float]
    exact: bool

    @property
    def leaves_bars(self) -> bool:
        return self.target != (0.0, 0.0, 1.0, 1.0)


def upright_size_px(screen_px: tuple[int, int], quarter_turns: int) -> tuple[int, int]:
    """The screen's width and height as the person in front sees them."""
    width, height = screen_px
    return (height, width) if quarter_turns % 2 else (width, height)


def place_picture(picture_px: tuple[int, int], upright_px: tuple[int, int], view: ViewState) -> Placement:
    """Fits or fills the upright screen with the picture, centred, with its own aspect ratio."""
    picture_w, picture_h = picture_px
    screen_w, screen_h = upright_px
    scales = (screen_w / picture_w, screen_h / picture_h)
    scale = max(scales) if view.fit == "fill" else min(scales)
    left, target_right = _centred(picture_w * scale, screen_w)
    top, target_bottom = _centred(picture_h * scale, screen_h)
    crop_left, crop_right = _centred(screen_w / scale, picture_w)
    crop_top, crop_bottom = _centred(screen_h / scale, picture_h)
    if view.mirror:
        crop_left, crop_right = crop_right, crop_left
    whole_texels = (picture_w - screen_w) % 2 == 0 and (picture_h - screen_h) % 2 == 0
    return Placement(
        target=(left, top, target_right, target_bottom),
        crop=(crop_left, crop_top, crop_right, crop_bottom),
        exact=scale == 1.0 and whole_texels,
    )


def _centred(part: float, whole: float) -> tuple[float, float]:
    """Begin and end of a part in the middle of a whole, as shares; a part that is no smaller covers all."""
    if part >= whole:
        return 0.0, 1.0
    margin = (whole - part) / 2 / whole
    return margin, 1.0 - margin
