"""Where each piece of text stands on the screen."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial

from PIL import Image

from murai.display.hud import HelpPanel, HudState, TitleCard
from murai.display.panels import Rows, Scale, draw_countdown, draw_status, draw_table, draw_title, draw_toast
from murai.display.typeface import Typeface

_DESIGN_PX = (960, 720)
_MOST_TOASTS = 3
# How much the help is made smaller until it fits, and the smallest font that goes with it. For messages
# alone it doesn't become so small: then they cover it.
_HELP_BESIDE_MESSAGES = ((1.0, 9), (0.9, 9), (0.8, 9), (0.7, 9), (0.6, 9))
_HELP_SCALES = (*_HELP_BESIDE_MESSAGES, (0.5, 7), (0.4, 5))


@dataclass(frozen=True, slots=True)
class Sprite:
    """A premultiplied RGBA image with its top left corner on the upright screen, px.

    As long as nothing is drawn anew, the image is the same object.
    """

    image: Image.Image
    left_px: int
    top_px: int
    alpha: float


class HudPainter:
    """Lays the text out for a screen of any size, and draws only what changed since the last call."""

    def __init__(self, typeface: Typeface | None = None) -> None:
        self._typeface = typeface or Typeface()
        self._drawn: dict[Hashable, Image.Image] = {}
        self._used: dict[Hashable, Image.Image] = {}

    def arrange(self, hud: HudState, upright_px: tuple[int, int]) -> list[Sprite]:
        """The sprites of one picture, from the lowest to the topmost."""
        page = _Page.of(upright_px, self._typeface)
        self._used = {}
        status, toasts = self._status(hud.status, page), self._toasts(hud, page)
        sprites = [
            *status,
            *self._title(hud.title, status, page),
            *self._help(hud.help, max((_bottom_px(toast) for toast in toasts), default=0), page),
            *self._countdown(hud.countdown, page),
            *toasts,
        ]
        self._drawn = self._used
        return sprites

    def _image(self, key: Hashable, draw: Callable[[], Image.Image]) -> Image.Image:
        image = self._used.get(key) or self._drawn.get(key) or draw()
        self._used[key] = image
        return image

    def _status(self, text: str | None, page: _Page) -> list[Sprite]:
        if not text:
            return []
        widest_px = min(page.widest_px, page.scale.px(620))
        image = self._image(("status", text, page), lambda: draw_status(text, widest_px, page.scale))
        top = page.height_px - page.margin_px - image.height
        return [Sprite(image, page.width_px - page.margin_px - image.width, top, 1.0)]

    def _title(self, card: TitleCard | None, status: list[Sprite], page: _Page) -> list[Sprite]:
        """In the lower left corner; above the status where both don't fit side by side."""
        if card is None or card.alpha <= 0.0:
            return []
        opaque = replace(card, alpha=1.0)
        image = self._image(("title", opaque, page), lambda: draw_title(opaque, page.widest_px, page.scale))
        bottom, right = page.height_px - page.margin_px, page.margin_px + image.width + page.scale.px(12)
        if any(other.left_px < right for other in status):
            bottom = min(other.top_px for other in status) - page.scale.px(12)
        return [Sprite(image, page.margin_px, bottom - image.height, card.alpha)]

    def _countdown(self, numeral: str | None, page: _Page) -> list[Sprite]:
        if not numeral:
            return []
        # Large, and low: who poses wants to see the own face.
        diameter = round(min(page.width_px, page.height_px) * 0.36)
        image = self._image(
            ("countdown", numeral, page), lambda: draw_countdown(numeral, diameter, page.scale.typeface)
        )
        left, top = (page.width_px - image.width) // 2, page.height_px - page.margin_px - image.height
        return [Sprite(image, left, top, 1.0)]

    def _toasts(self, hud: HudState, page: _Page) -> list[Sprite]:
        sprites, top, widest_px = [], page.margin_px, page.width_px - 2 * page.margin_px
        for toast in [toast for toast in hud.toasts if toast.alpha > 0.0][:_MOST_TOASTS]:
            draw = partial(draw_toast, toast.text, toast.level, widest_px, page.scale)
            image = self._image(("toast", toast.text, toast.level, page), draw)
            sprites.append(Sprite(image, (page.width_px - image.width) // 2, top, toast.alpha))
            top += image.height + page.scale.px(12)
        return sprites

    def _help(self, panel: HelpPanel | None, messages_end_px: int, page: _Page) -> list[Sprite]:
        """Keys and figures beside each other, or one above the other, as large as they fit below the messages."""
        if panel is None or not (panel.keys or panel.figures):
            return []
        tables = [table for table in (("Keys", panel.keys, False), ("Figures", panel.figures, True)) if table[1]]
        below_messages = [(messages_end_px, *scale) for scale in _HELP_BESIDE_MESSAGES]
        sprites: list[Sprite] = []
        for top_px, share, smallest_px in (*below_messages, *((0, *scale) for scale in _HELP_SCALES)):
            scale = replace(page.scale, unit=page.scale.unit * share, smallest_px=smallest_px)
            images = [self._table(*table, scale, page) for table in tables]
            sprites = _beside(images, top_px, page) or _stacked(images, top_px, page)
            if all(sprite.top_px >= top_px and _is_inside(sprite, page) for sprite in sprites):
                break
        return sprites

    def _table(self, heading: str, rows: Rows, values_right: bool, scale: Scale, page: _Page) -> Image.Image:
        key = ("table", heading, rows, scale, page)
        return self._image(key, lambda: draw_table(heading, rows, values_right, scale))


@dataclass(frozen=True, slots=True)
class _Page:
    """The upright screen, its margin, and its scale of lengths."""

    width_px: int
    height_px: int
    margin_px: int
    widest_px: int
    scale: Scale

    @staticmethod
    def of(upright_px: tuple[int, int], typeface: Typeface) -> _Page:
        width, height = upright_px
        scale = Scale(min(width / _DESIGN_PX[0], height / _DESIGN_PX[1]), typeface)
        margin_px = scale.px(32)
        return _Page(width, height, margin_px, min(width - 2 * margin_px, scale.px(860)), scale)


def _beside(images: list[Image.Image], top_px: int, page: _Page) -> list[Sprite]:
    """All in one row with their tops level, in the middle of what is below `top_px`.

    Nothing where they are too wide together.
    """
    gap = page.scale.px(20)
    total_px = sum(image.width for image in images) + gap * (len(images) - 1)
    if total_px > page.width_px - page.margin_px:
        return []
    left = (page.width_px - total_px) // 2
    top = (top_px + page.height_px - max(image.height for image in images)) // 2
    sprites = []
    for image in images:
        sprites.append(Sprite(image, left, top, 1.0))
        left += image.width + gap
    return sprites


def _stacked(images: list[Image.Image], top_px: int, page: _Page) -> list[Sprite]:
    """One above the other, in the middle of what is below `top_px`."""
    gap = page.scale.px(20)
    top = (top_px + page.height_px - sum(image.height for image in images) - gap * (len(images) - 1)) // 2
    sprites = []
    for image in images:
        sprites.append(Sprite(image, (page.width_px - image.width) // 2, top, 1.0))
        top += image.height + gap
    return sprites


def _bottom_px(sprite: Sprite) -> int:
    return sprite.top_px + sprite.image.height


def _is_inside(sprite: Sprite, page: _Page) -> bool:
    right = sprite.left_px + sprite.image.width
    return (
        sprite.left_px >= 0 and sprite.top_px >= 0 and right <= page.width_px and _bottom_px(sprite) <= page.height_px
    )
