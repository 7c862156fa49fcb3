"""Pillow drawings of each piece of text: RGBA images, premultiplied.

Opaque colours drawn through a mask onto premultiplied pixels give premultiplied pixels again, so the
text needs nothing special; only the panels' own colour is multiplied by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw

from murai.display.hud import Level, TitleCard
from murai.display.typeface import Font, Typeface

Colour = tuple[int, int, int, int]
Rows = tuple[tuple[str, str], ...]

_WHITE: Colour = (255, 255, 255, 255)
_SOFT: Colour = (198, 200, 206, 255)
_PANEL: Colour = (8, 8, 10, 190)  # premultiplied
_MESSAGE: Colour = (10, 10, 14, 244)  # premultiplied; almost opaque, to be read from two metres
_DISC: Colour = (6, 6, 7, 128)  # premultiplied
_ACCENTS: dict[Level, Colour] = {
    "info": (126, 200, 255, 255),
    "warning": (255, 196, 84, 255),
    "error": (255, 112, 102, 255),
}
_MOST_MESSAGE_LINES, _MOST_STATUS_LINES = 6, 3
_SUPERSAMPLING = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """Lengths for one screen: everything is designed at 1280x720 and scaled by `unit`.

    smallest_px: no font gets smaller than what can be read, as long as there is room.
    """

    unit: float
    typeface: Typeface
    smallest_px: int = 9

    def px(self, designed_px: float) -> int:
        return max(1, round(designed_px * self.unit))

    def font(self, designed_px: float, bold: bool = False) -> Font:
        return self.typeface.at(max(self.smallest_px, self.px(designed_px)), bold)


def draw_countdown(numeral: str, diameter_px: int, typeface: Typeface) -> Image.Image:
    """A large numeral on a translucent disc with a thin ring."""
    image = Image.new("RGBA", (diameter_px, diameter_px))
    image.paste(_DISC, mask=_disc_mask(diameter_px))
    ring_px = max(2, diameter_px // 70)
    ring, inner_px = _disc_mask(diameter_px), diameter_px - 2 * ring_px
    ring.paste(0, (ring_px, ring_px), _disc_mask(inner_px))
    image.paste(_WHITE, mask=ring)
    size_px = round(diameter_px * (0.62 if len(numeral) == 1 else 0.45))
    middle = diameter_px / 2
    font = typeface.at(size_px, bold=True)
    left, top, right, bottom = font.getbbox(numeral)
    ImageDraw.Draw(image).text((middle - (left + right) / 2, middle - (top + bottom) / 2), numeral, _WHITE, font)
    return image


def draw_toast(text: str, level: Level, widest_px: int, scale: Scale) -> Image.Image:
    """A message in a frame of the colour of its level, on as many lines as it needs."""
    font, pad, radius_px = scale.font(36), scale.px(30), scale.px(20)
    lines = _at_most(_MOST_MESSAGE_LINES, _balanced(text, font, widest_px - 2 * pad), font, widest_px - 2 * pad)
    width = max(_width(line, font) for line in lines) + 2 * pad
    image = _framed((width, _line_px(font) * len(lines) + 2 * scale.px(18)), radius_px, scale.px(5), _ACCENTS[level])
    _write(image, (pad, scale.px(18)), lines, font, _WHITE)
    return image


def draw_title(card: TitleCard, widest_px: int, scale: Scale) -> Image.Image:
    """A painting's title, and below it who painted it and when."""
    pad, gap, rule = scale.px(26), scale.px(6), scale.px(4)
    large, small = scale.font(34, bold=True), scale.font(21)
    indent = pad + rule + scale.px(18)
    title = _wrapped(card.title, large, widest_px - indent - pad)
    below = _wrapped(", ".join(part for part in (card.artist, card.year) if part), small, widest_px - indent - pad)
    width = indent + max(*(_width(line, large) for line in title), *(_width(line, small) for line in below)) + pad
    title_px, below_px = _line_px(large) * len(title), (_line_px(small) * len(below) + gap if below != [""] else 0)
    image = _panel((width, title_px + below_px + 2 * scale.px(20)), scale.px(18))
    top = scale.px(20)
    bar = _rounded_mask((rule, title_px + below_px), rule / 2)
    image.paste(_WHITE, (pad, top), bar)
    _write(image, (indent, top), title, large, _WHITE)
    _write(image, (indent, top + title_px + gap), below, small, _SOFT)
    return image


def draw_status(text: str, widest_px: int, scale: Scale) -> Image.Image:
    """A few small lines, shortened where it takes more."""
    font, pad = scale.font(22), scale.px(16)
    lines = _at_most(_MOST_STATUS_LINES, _wrapped(text, font, widest_px - 2 * pad), font, widest_px - 2 * pad)
    width = max(_width(line, font) for line in lines) + 2 * pad
    image = _panel((width, _line_px(font) * len(lines) + 2 * scale.px(10)), scale.px(14))
    _write(image, (pad, scale.px(10)), lines, font, _WHITE)
    return image


def draw_table(heading: str, rows: Rows, values_right: bool, scale: Scale) -> Image.Image:
    """Pairs below a heading. `values_right` sets the second of each pair, bold, at the right edge."""
    head, strong, plain = scale.font(23, bold=True), scale.font(18, bold=True), scale.font(18)
    first, second = (plain, strong) if values_right else (strong, plain)
    pad, gap, row_px = scale.px(30), scale.px(34), max(_line_px(strong), scale.px(28))
    first_px = max(_width(left, first) for left, _ in rows)
    second_px = max(_width(right, second) for _, right in rows)
    inner_px = max(first_px + gap + second_px, _width(heading, head))
    top = scale.px(24) + _line_px(head) + scale.px(12)
    image = _panel((inner_px + 2 * pad, top + row_px * len(rows) + scale.px(24)), scale.px(20))
    _write(image, (pad, scale.px(24)), [heading], head, _WHITE)
    for number, (left, right) in enumerate(rows):
        y = top + number * row_px
        right_x = pad + (inner_px - _width(right, second) if values_right else first_px + gap)
        _write(image, (pad, y), [left], first, _SOFT if values_right else _WHITE)
        _write(image, (right_x, y), [right], second, _WHITE if values_right else _SOFT)
    return image


def _panel(size_px: tuple[int, int], radius_px: int) -> Image.Image:
    image = Image.new("RGBA", size_px)
    image.paste(_PANEL, mask=_rounded_mask(size_px, radius_px))
    return image


def _framed(size_px: tuple[int, int], radius_px: int, frame_px: int, colour: Colour) -> Image.Image:
    width, height = size_px
    image = Image.new("RGBA", size_px, colour)
    inner = _rounded_mask((width - 2 * frame_px, height - 2 * frame_px), max(radius_px - frame_px, 1))
    image.paste(_MESSAGE, (frame_px, frame_px), inner)
    outer = _rounded_mask(size_px, radius_px)
    # Pillow takes over a colour as it is where it pastes onto nothing, which would not be premultiplied.
    return ImageChops.multiply(image, Image.merge("RGBA", [outer] * 4))


def _disc_mask(diameter_px: int) -> Image.Image:
    return _rounded_mask((diameter_px, diameter_px), diameter_px / 2)


def _rounded_mask(size_px: tuple[int, int], radius_px: float) -> Image.Image:
    """Full inside, smooth at the corners: each is drawn large and made small."""
    width, height = size_px
    radius = min(radius_px, width / 2, height / 2)
    side = max(1, int(radius + 0.999))
    corner = Image.new("L", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    far = 2 * radius * _SUPERSAMPLING - 1
    ImageDraw.Draw(corner).ellipse((0, 0, far, far), fill=255)
    corner = corner.reduce(_SUPERSAMPLING)
    mask = Image.new("L", size_px, 255)
    flipped = corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    upside_down = Image.Transpose.FLIP_TOP_BOTTOM
    mask.paste(corner, (0, 0))
    mask.paste(flipped, (width - side, 0))
    mask.paste(corner.transpose(upside_down), (0, height - side))
    mask.paste(flipped.transpose(upside_down), (width - side, height - side))
    return mask


def _write(image: Image.Image, corner: tuple[int, int], lines: list[str], font: Font, colour: Colour) -> None:
    draw, (x, y) = ImageDraw.Draw(image), corner
    for number, line in enumerate(lines):
        draw.text((x, y + number * _line_px(font)), line, colour, font)


def _line_px(font: Font) -> int:
    """From one line to the next; the same for all texts, so that lines don't dance."""
    _, top, _, bottom = font.getbbox("Hgjpqy|")
    return round(bottom + top / 2)


def _width(text: str, font: Font) -> int:
    return int(font.getlength(text) + 0.999)


def _wrapped(text: str, font: Font, widest_px: int) -> list[str]:
    """The text in lines that are no wider; a single word that is wider is broken."""
    lines = [""]
    for piece in (piece for word in text.split() for piece in _broken(word, font, widest_px)):
        longer = f"{lines[-1]} {piece}".strip()
        if lines[-1] and _width(longer, font) > widest_px:
            lines.append(piece)
        else:
            lines[-1] = longer
    return lines


def _balanced(text: str, font: Font, widest_px: int) -> list[str]:
    """As `_wrapped`, on as many lines, which are about as long as each other."""
    lines = _wrapped(text, font, widest_px)
    for share in (0.5, 0.6, 0.7, 0.8, 0.9):
        narrower = _wrapped(text, font, round(widest_px * share))
        if len(narrower) == len(lines) > 1:
            return narrower
    return lines


def _broken(word: str, font: Font, widest_px: int) -> list[str]:
    pieces = []
    while len(word) > 1 and _width(word, font) > widest_px:
        fits = next((n for n in range(len(word) - 1, 1, -1) if _width(word[:n], font) <= widest_px), 1)
        pieces.append(word[:fits])
        word = word[fits:]
    return [*pieces, word]


def _at_most(most: int, lines: list[str], font: Font, widest_px: int) -> list[str]:
    """The first lines; the last of them shows that there were more."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], _shortened(" ".join(lines[most - 1 :]), font, widest_px)]


def _shortened(text: str, font: Font, widest_px: int) -> str:
    if _width(text, font) <= widest_px:
        return text
    kept = text
    while kept and _width(kept + "…", font) > widest_px:
        kept = kept[:-1]
    return kept.rstrip() + "…"
