"""Names of keys, the same in config files, in `--press` and in windows."""

from __future__ import annotations

from murai.errors import ConfigError

_NAMED = (
    "Space", "Enter", "Backspace", "Esc", "Tab", "Insert", "Delete", "Home", "End",
    "Left", "Right", "Up", "Down", "PageUp", "PageDown",
    *(f"F{n}" for n in range(1, 13)),
)  # fmt: skip
_PRINTED = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-=;'/[]`\\"
_BY_LOWER = {name.lower(): name for name in (*_NAMED, *_PRINTED)} | {
    "escape": "Esc", "return": "Enter", "pgup": "PageUp", "pgdn": "PageDown", "pgdown": "PageDown",
    "comma": ",", "period": ".", "minus": "-", "equal": "=",
}  # fmt: skip


def key_name(text: str) -> str:
    """The canonical name of a key: "ctrl+q" becomes "Ctrl+Q", "pgdn" becomes "PageDown".

    Only Ctrl is a modifier: Shift and Alt depend on the keyboard's layout.

    Raises:
        ConfigError: there is no such key.
    """
    plain = text.strip()
    ctrl = plain.lower().startswith("ctrl+")
    base = _BY_LOWER.get((plain[5:] if ctrl else plain).strip().lower())
    if base is None:
        raise ConfigError(
            f"there is no key named '{text}'", f"letters, digits, {', '.join(_NAMED[:15])}, F1 to F12, or Ctrl+ one"
        )
    return f"Ctrl+{base}" if ctrl else base
