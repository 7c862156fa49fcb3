from __future__ import annotations

import numpy as np
import pytest

from murai.display import panels
from murai.display.hud import HelpPanel, HudState, TitleCard, Toast
from murai.display.hud_painter import HudPainter, Sprite
from murai.display.typeface import Typeface

SCREENS = [(640, 360), (1280, 720), (1920, 1080), (720, 1280), (3840, 2160), (320, 240)]
KEYS = tuple((f"Key {n}, PageDown", "does something that takes a few words") for n in range(18))
FIGURES = tuple((f"figure {n}", "12,345 a second") for n in range(10))
LONG = "A message that goes on and on, " * 8 + "with-one-word-that-is-too-long-for-any-screen-" * 6
FULL = HudState(
    countdown="3",
    toasts=(Toast("Saved"), Toast("Camera lost: plug it in again", "warning"), Toast("No keys", "error")),
    title=TitleCard("The Great Wave off Kanagawa", "Katsushika Hokusai", "1831"),
    help=HelpPanel(KEYS, FIGURES),
    status="3 pictures wait to be posted",
)


def boxes(sprites: list[Sprite]) -> list[tuple[int, int, int, int]]:
    return [(s.left_px, s.top_px, s.left_px + s.image.width, s.top_px + s.image.height) for s in sprites]


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@pytest.mark.parametrize("screen", SCREENS)
def test_everything_stays_on_the_screen(screen: tuple[int, int]) -> None:
    sprites = HudPainter().arrange(FULL, screen)
    assert len(sprites) == 8
    for left, top, right, bottom in boxes(sprites):
        assert 0 <= left < right <= screen[0]
        assert 0 <= top < bottom <= screen[1]


@pytest.mark.parametrize("screen", SCREENS)
def test_title_status_and_messages_leave_each_other_alone(screen: tuple[int, int]) -> None:
    hud = HudState(title=FULL.title, status=FULL.status, toasts=FULL.toasts[:2])
    placed = boxes(HudPainter().arrange(hud, screen))
    assert not any(overlap(a, b) for n, a in enumerate(placed) for b in placed[:n])


@pytest.mark.parametrize("screen", SCREENS)
def test_keys_and_figures_leave_each_other_alone(screen: tuple[int, int]) -> None:
    first, second = boxes(HudPainter().arrange(HudState(help=FULL.help), screen))
    assert not overlap(first, second)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_text_that_is_too_long_is_wrapped_and_shortened(screen: tuple[int, int]) -> None:
    hud = HudState(title=TitleCard(LONG[:120], LONG[:90]), status=LONG, toasts=(Toast(LONG[:200]),))
    for left, top, right, bottom in boxes(HudPainter().arrange(hud, screen)):
        assert 0 <= left < right <= screen[0]
        assert 0 <= top < bottom <= screen[1]


@pytest.mark.parametrize("screen", [(1280, 720), (640, 360), (720, 1280)])
def test_messages_are_large_enough_to_be_read_from_two_metres(screen: tuple[int, int]) -> None:
    (toast,) = HudPainter().arrange(HudState(toasts=(Toast("Saved"),)), screen)
    pixels = np.asarray(toast.image)[8:-8, 8:-8].astype(int)
    letters = np.argwhere((pixels == 255).all(axis=2))
    assert np.ptp(letters[:, 0]) >= min(screen) / 36
    middle_row = pixels[pixels.shape[0] // 2]
    assert middle_row[:, 3].min() >= 240, "what is behind shines through"


@pytest.mark.parametrize("screen", [(1280, 720), (640, 360)])
def test_help_makes_room_for_messages(screen: tuple[int, int]) -> None:
    hud = HudState(help=HelpPanel(KEYS, FIGURES), toasts=(Toast("Camera lost: plug it in again", "error"),))
    placed = boxes(HudPainter().arrange(hud, screen))
    assert len(placed) == 3
    assert not any(overlap(a, b) for n, a in enumerate(placed) for b in placed[:n])


def test_a_long_status_takes_three_lines_and_says_that_there_was_more() -> None:
    font, short, long = Typeface().at(22), "Posting paused, 2 waiting: Twitter answered 402", "no credit is left " * 40
    (one,), (three,) = (HudPainter().arrange(HudState(status=text), (1280, 720)) for text in (short, short + long))
    assert one.image.height < three.image.height < 4 * one.image.height
    lines = panels._at_most(3, panels._wrapped(short + long, font, 500), font, 500)
    assert len(lines) == 3
    assert lines[2].endswith("…")
    assert all(font.getlength(line) <= 500 for line in lines)


def test_wrapping_keeps_every_letter_also_of_words_that_are_too_long() -> None:
    font, path = Typeface().at(36), "/home/booth/Pictures/Murai/2031-05-09/" * 3
    for wrap in (panels._wrapped, panels._balanced):
        lines = wrap(f"can't keep pictures in {path}: make room", font, 400)
        assert "".join(lines).replace(" ", "") == f"can'tkeeppicturesin{path}:makeroom"
        assert all(font.getlength(line) <= 400 for line in lines)


def test_no_line_of_a_message_is_left_with_a_single_short_word() -> None:
    font, text = Typeface().at(36), "Saved, will be posted · Backspace: don't post it"
    lines = panels._balanced(text, font, round(font.getlength(text)) - 1)
    assert len(lines) == 2
    assert font.getlength(lines[1]) > font.getlength(text) / 4


def test_what_did_not_change_is_not_drawn_again() -> None:
    painter = HudPainter()
    first = painter.arrange(FULL, (1280, 720))
    faded = HudState(title=TitleCard("The Great Wave off Kanagawa", "Katsushika Hokusai", "1831", alpha=0.4))
    again = painter.arrange(FULL, (1280, 720))
    assert all(a.image is b.image for a, b in zip(first, again, strict=True))
    (title,) = painter.arrange(faded, (1280, 720))
    assert title.alpha == 0.4
    assert title.image is first[1].image
    assert painter.arrange(FULL, (1280, 720))[0].image is not first[0].image, "what is gone is not kept"


def test_only_the_figures_are_drawn_again_when_they_change() -> None:
    painter = HudPainter()
    keys, figures = painter.arrange(HudState(help=HelpPanel(KEYS, FIGURES)), (1280, 720))
    changed = (("shown", "29 fps"), *FIGURES[1:])
    keys_again, figures_again = painter.arrange(HudState(help=HelpPanel(KEYS, changed)), (1280, 720))
    assert keys_again.image is keys.image
    assert figures_again.image is not figures.image


@pytest.mark.parametrize("sprite", range(8))
def test_pixels_are_premultiplied(sprite: int) -> None:
    pixels = np.asarray(HudPainter().arrange(FULL, (1280, 720))[sprite].image)
    assert pixels[..., 3].max() == 255
    assert (pixels[..., :3] <= pixels[..., 3:]).all()


def test_the_countdown_is_large_and_leaves_the_face_free() -> None:
    (sprite,) = HudPainter().arrange(HudState(countdown="3"), (1280, 720))
    assert sprite.left_px + sprite.image.width / 2 == pytest.approx(640, abs=1)
    assert 0.5 * 720 < sprite.top_px < 720 - sprite.image.height
    alpha = np.asarray(sprite.image)[..., 3].astype(int)
    numeral = np.argwhere(alpha[40:-40, 40:-40] == 255) + 40
    assert np.ptp(numeral[:, 0]) > 720 / 8
    middle = numeral.min(axis=0) + np.ptp(numeral, axis=0) / 2
    assert middle == pytest.approx(np.array(alpha.shape) / 2, abs=3)


def test_at_most_three_messages_and_no_invisible_ones() -> None:
    toasts = (Toast("gone", alpha=0.0), *(Toast(f"message {n}") for n in range(5)))
    sprites = HudPainter().arrange(HudState(toasts=toasts), (1280, 720))
    assert len(sprites) == 3
    assert sprites[0].top_px < sprites[1].top_px < sprites[2].top_px


@pytest.mark.parametrize("hud", [HudState(), HudState(title=TitleCard("x", alpha=0.0)), HudState(help=HelpPanel())])
def test_nothing_to_show_makes_no_sprite(hud: HudState) -> None:
    assert HudPainter().arrange(hud, (1280, 720)) == []


def test_pillows_own_font_will_do() -> None:
    painter = HudPainter(Typeface(folders=()))
    for left, top, right, bottom in boxes(painter.arrange(FULL, (1280, 720))):
        assert 0 <= left < right <= 1280
        assert 0 <= top < bottom <= 720
