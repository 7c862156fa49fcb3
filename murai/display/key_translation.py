"""From what GLFW says of a key to the names that the config knows."""

from __future__ import annotations

import string
from collections.abc import Callable

from murai.display.canvas import KeyAction, KeyEvent
from murai.display.windowing import glfw

_BY_CODE = {
    glfw.KEY_SPACE: "Space", glfw.KEY_ENTER: "Enter", glfw.KEY_KP_ENTER: "Enter",
    glfw.KEY_BACKSPACE: "Backspace", glfw.KEY_ESCAPE: "Esc", glfw.KEY_TAB: "Tab",
    glfw.KEY_INSERT: "Insert", glfw.KEY_DELETE: "Delete", glfw.KEY_HOME: "Home", glfw.KEY_END: "End",
    glfw.KEY_LEFT: "Left", glfw.KEY_RIGHT: "Right", glfw.KEY_UP: "Up", glfw.KEY_DOWN: "Down",
    glfw.KEY_PAGE_UP: "PageUp", glfw.KEY_PAGE_DOWN: "PageDown",
    glfw.KEY_KP_DECIMAL: ".", glfw.KEY_KP_SUBTRACT: "-", glfw.KEY_KP_DIVIDE: "/", glfw.KEY_KP_EQUAL: "=",
    **{glfw.KEY_F1 + n: f"F{n + 1}" for n in range(12)},
    **{glfw.KEY_0 + n: str(n) for n in range(10)},
    **{glfw.KEY_KP_0 + n: str(n) for n in range(10)},
}  # fmt: skip
_PRINTED = frozenset(string.ascii_uppercase + ".,-=;'/[]`\\")
_ACTIONS: dict[int, KeyAction] = {glfw.PRESS: "pressed", glfw.REPEAT: "repeated", glfw.RELEASE: "released"}
_CTRL_CODES = frozenset((glfw.KEY_LEFT_CONTROL, glfw.KEY_RIGHT_CONTROL))


class KeyTranslator:
    """Names keys, and remembers under which name each was pressed.

    layout_name: (key code, scan code) to what the keyboard's layout prints on that key, or None.
    Letters and signs follow the layout, so that "M" is where the keyboard says M; digits are the keys
    of the digit row, which some layouts print other signs on.
    """

    def __init__(self, layout_name: Callable[[int, int], str | None]) -> None:
        self._layout_name = layout_name
        self._down: dict[tuple[int, int], str] = {}

    def translate(self, key: int, scancode: int, action: int, modifiers: int) -> list[KeyEvent]:
        """The events that one of GLFW's makes; none for keys without a name, such as Shift."""
        if key in _CTRL_CODES:
            return self._release_with_ctrl() if action == glfw.RELEASE else []
        place = (key, scancode)
        if action == glfw.PRESS:
            name = self._name(key, scancode)
            if name is None:
                return []
            self._down[place] = f"Ctrl+{name}" if modifiers & glfw.MOD_CONTROL else name
        if place not in self._down:
            return []
        event = KeyEvent(self._down[place], _ACTIONS[action])
        if action == glfw.RELEASE:
            del self._down[place]
        return [event]

    def _release_with_ctrl(self) -> list[KeyEvent]:
        """Without Ctrl a held Ctrl+Q is none any more, though Q may still be down."""
        places = [place for place, name in self._down.items() if name.startswith("Ctrl+")]
        return [KeyEvent(self._down.pop(place), "released") for place in places]

    def _name(self, key: int, scancode: int) -> str | None:
        if key in _BY_CODE:
            return _BY_CODE[key]
        printed = (self._layout_name(key, scancode) or "").upper()
        if printed in _PRINTED:
            return printed
        # A layout without Latin letters: the letter that this key has in the US layout.
        physical = chr(key) if 0 < key < 128 else ""
        return physical if physical in _PRINTED else None
