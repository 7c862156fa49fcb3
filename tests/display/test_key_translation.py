from __future__ import annotations

import pytest

from murai.config import key_name
from murai.display.canvas import KeyEvent
from murai.display.key_translation import KeyTranslator
from murai.display.windowing import glfw

CTRL = glfw.MOD_CONTROL


def us(key: int, scancode: int) -> str | None:
    return chr(key).lower() if 0 < key < 128 else None


def names(keys: KeyTranslator, key: int, modifiers: int = 0) -> list[str]:
    return [event.name for event in keys.translate(key, 1, glfw.PRESS, modifiers)]


@pytest.mark.parametrize("key", [*range(32, 97), *range(256, 349)])
def test_every_name_is_one_that_the_config_knows(key: int) -> None:
    for name in names(KeyTranslator(us), key):
        assert key_name(name) == name


def test_letters_follow_the_layout_and_digits_the_row() -> None:
    azerty = {glfw.KEY_SEMICOLON: "m", glfw.KEY_Q: "a", glfw.KEY_1: "&"}
    keys = KeyTranslator(lambda key, scancode: azerty.get(key))
    assert names(keys, glfw.KEY_SEMICOLON) == ["M"]
    assert names(keys, glfw.KEY_Q) == ["A"]
    assert names(keys, glfw.KEY_1) == ["1"]


def test_a_layout_without_latin_letters_falls_back_to_the_keys_place() -> None:
    assert names(KeyTranslator(lambda key, scancode: "ф"), glfw.KEY_A) == ["A"]
    assert names(KeyTranslator(lambda key, scancode: None), glfw.KEY_H) == ["H"]


def test_a_layout_that_prints_sharp_s_names_no_key_after_it() -> None:
    assert names(KeyTranslator(lambda key, scancode: "ß"), glfw.KEY_MINUS) == ["-"]


def test_keys_without_a_name_say_nothing() -> None:
    keys = KeyTranslator(us)
    for key in (glfw.KEY_LEFT_SHIFT, glfw.KEY_LEFT_CONTROL, glfw.KEY_CAPS_LOCK, glfw.KEY_UNKNOWN, glfw.KEY_F13):
        assert keys.translate(key, 1, glfw.PRESS, 0) == []
        assert keys.translate(key, 1, glfw.RELEASE, 0) == []


def test_a_held_key_repeats_under_the_name_it_was_pressed_with() -> None:
    keys = KeyTranslator(us)
    events = [
        *keys.translate(glfw.KEY_UP, 1, glfw.PRESS, 0),
        *keys.translate(glfw.KEY_UP, 1, glfw.REPEAT, CTRL),
        *keys.translate(glfw.KEY_UP, 1, glfw.RELEASE, CTRL),
    ]
    assert events == [KeyEvent("Up", "pressed"), KeyEvent("Up", "repeated"), KeyEvent("Up", "released")]


def test_letting_go_of_ctrl_first_releases_ctrl_q_once() -> None:
    keys = KeyTranslator(us)
    events = [
        *keys.translate(glfw.KEY_LEFT_CONTROL, 2, glfw.PRESS, 0),
        *keys.translate(glfw.KEY_Q, 1, glfw.PRESS, CTRL),
        *keys.translate(glfw.KEY_LEFT_CONTROL, 2, glfw.RELEASE, 0),
        *keys.translate(glfw.KEY_Q, 1, glfw.REPEAT, 0),
        *keys.translate(glfw.KEY_Q, 1, glfw.RELEASE, 0),
    ]
    assert events == [KeyEvent("Ctrl+Q", "pressed"), KeyEvent("Ctrl+Q", "released")]
